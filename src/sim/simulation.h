// simulate: a workload through a policy in a world, in virtual time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "policy/dispatcher.h"
#include "sim/figures.h"
#include "sim/world.h"
#include "workload/request.h"

namespace warmgate::sim {

struct SimulationOptions {
  uint32_t bins = 0;  // of the timeline, at most 10'000
  // What arrives before is simulated and not counted, nor what was paid until then: the policy has
  // learned and the pools are as they are in the midst of traffic. Less than the workload's length.
  Duration measure_from{};
  uint64_t check_every = 0;  // steps between two check_invariants(); 0: never
  // Asked every some ten thousand requests, from the thread that simulates; nullptr: never.
  const std::atomic<bool>* stop = nullptr;
  std::function<void(uint64_t requests_begun)> progress;
};

// Runs until every request has ended and nothing is left in either pool but probes of health.
//
// `dispatcher` is fresh. The workload is ordered by `at`; World::serverless.max_instances and
// World::always_on.backends say which pools there are, and the Dispatcher's settings should agree
// (settings_for). The same arguments give the same Figures, bit for bit.
// Bounds.  Memory follows the greatest number of requests held at a time, at most 2^24; the
//          workload is only read. About 200 ns per request beside the Dispatcher's own time.
// Thread.  No globals: several simulations may run in parallel.
Figures simulate(const World& world, const workload::Workload& workload,
                 policy::Dispatcher& dispatcher, uint64_t seed,
                 const SimulationOptions& options = {});

}  // namespace warmgate::sim
