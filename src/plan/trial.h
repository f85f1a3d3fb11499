// Trial: one policy, set up in one way, over the whole workload in one world.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "plan/options.h"
#include "sim/figures.h"

namespace warmgate::plan {

struct Trial {
  const Policy* policy = nullptr;
  size_t choice = 0;  // of the policy's
  Size size;          // as offered; a policy without such a pool takes none of it
  double vcpus = 1;   // of a serverless instance
  double memory_gib = 0.5;
  uint32_t concurrency = 1;

  const Policy::Choice& chosen() const { return policy->choices[choice]; }
  // What the policy really has.
  Size used_size() const { return policy->uses_always_on() ? size : kNoMachines; }
};

struct Outcome {
  Trial trial;
  sim::Figures figures;
  uint64_t impossible = 0;  // Inputs::impossible

  double usd() const { return figures.usd_per_month(); }
  // Share of the requests that broke the SLO.
  double violated() const {
    return figures.requests == 0
               ? 0
               : static_cast<double>(figures.violations()) / static_cast<double>(figures.requests);
  }
  // Is this share of the requests answered in time? Those that no machine can answer in time are
  // left out: they break the SLO whatever is paid.
  bool meets(double target) const {
    const auto requests = static_cast<double>(figures.requests);
    const auto broken = static_cast<double>(figures.violations());
    return broken - static_cast<double>(impossible) <= (1 - target + 1e-12) * requests;
  }
};

// What an owner prefers: to meet the target, then to pay less; where neither meets it, fewer
// violations.
bool better(const Outcome& a, const Outcome& b, double target);

// The world of a trial with the i-th seed, and the settings that its Dispatcher is given.
sim::World world_of(const Inputs& inputs, const Trial& trial, size_t i = 0);
policy::ServiceSettings settings_of(const Inputs& inputs, const sim::World& world);

// With the serverless shape of the inputs.
Trial trial_of(const Inputs& inputs, const Policy& policy, size_t choice, const Size& size);

// Simulates, with each seed; the figures are of all together. Thread-safe. `bins` of a timeline, 0
// for none.
Outcome run_trial(const Inputs& inputs, const Trial& trial, const std::atomic<bool>* stop,
                  uint32_t bins = 0);

}  // namespace warmgate::plan
