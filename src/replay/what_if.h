// What would have happened: a recording's traffic through another policy or configuration.
//
// Model.   A recording holds answers to the actions that were taken; after the first other action
//          its events mean nothing. So its arrivals, service times and start times are taken out of
//          it and simulated, once as it was set up and once as asked for, both from a fresh policy
//          and cold pools. Both have the simulator's error alike: compare the two columns, and the
//          first with what the recording says really happened.
//          A request keeps the time that its answer took, in the pool that gave it; the other
//          pool's is in proportion of the medians. One without a good answer is given the time of
//          another by lot. Start times are lognormal by the recorded median and 99th percentile.
// Not in it.  Time limits of clients, clients who left, errors and crashes of backends; queueing
//          within a backend, beyond what the measured times have of it; the always-on pool's price.
// Random.  The same recording and seed give the same figures.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "plan/policies.h"
#include "recording/history.h"
#include "sim/simulation.h"

namespace warmgate::replay {

struct WhatIf {
  sim::Figures as_recorded;
  sim::Figures otherwise;
  double serverless_speed = 1;  // against the always-on pool, by the medians of what was measured
  uint64_t drawn = 0;           // requests whose service time is another's
};

// `recorded` and `otherwise` are the settings of the two columns, `policy` that of the second.
// Error: the recording has no answer from which a service time could be known.
Result<WhatIf> what_if(const recording::History& history, const policy::ServiceSettings& recorded,
                       const policy::ServiceSettings& otherwise, const plan::Policy& policy,
                       uint64_t seed);

}  // namespace warmgate::replay
