// Controlled delay in simulated worlds: who is refused where two priorities want more than there
// is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/simulation.h"
#include "sim/watcher.h"
#include "workload/generators.h"

namespace warmgate::sim {
namespace {

constexpr uint64_t kHigh = 1, kLow = 2;  // keys, so that Watcher tells them apart

World world_of(uint32_t slots, uint32_t instances) {
  World world;
  world.slo = 1200ms;
  world.always_on.slots = slots;
  world.always_on.share_cores = false;
  world.serverless.concurrency = 1;
  world.serverless.max_instances = instances;
  world.serverless.start = StartTime::fixed(10s);
  return world;
}

workload::Workload mixed(double rate, double low_share, Duration length, uint64_t seed) {
  const auto service = workload::parse_time_draw("p50=200ms,p99=600ms");
  workload::Workload all =
      workload::with_service(workload::draw(workload::Poisson{rate, length}, seed), *service, seed);
  Prng prng(seed);
  for (workload::Request& request : all) {
    request.low_priority = prng.chance(low_share);
    request.key = request.low_priority ? kLow : kHigh;
  }
  return all;
}

struct Violated {
  double high = 0, low = 0, all = 0;
};

Violated run(const World& world, const workload::Workload& workload, bool controlled) {
  policy::ServiceSettings settings = settings_for(world);
  settings.queue.controlled_delay = controlled;
  Watcher watcher(policy::make_warmgate_dispatcher(settings, 1), world.slo);
  SimulationOptions options;
  options.check_every = 1000;
  const Figures figures = simulate(world, workload, watcher, 1, options);
  return {watcher.by_key[kHigh].share_violated(), watcher.by_key[kLow].share_violated(),
          figures.violations_per_million() / 1e6};
}

void record(const std::string& name, const Violated& off, const Violated& on) {
  const auto text = [](const Violated& violated) {
    const auto percent = [](double share) {
      return std::to_string(static_cast<double>(std::lround(10'000 * share)) / 100);
    };
    return percent(violated.high) + "/" + percent(violated.low) + "/" + percent(violated.all);
  };
  testing::Test::RecordProperty(name, text(off) + " -> " + text(on));
}

// `load` times the capacity, of which 60 % is of low priority: the rest would fit.
TEST(SimulatedControlledDelay, in_overload_low_priority_is_refused_first) {
  for (const uint32_t instances : {0u, 4u}) {
    for (const double load : {0.8, 1.0, 1.2, 1.5, 2.0}) {
      const World world = world_of(4, instances);
      const double capacity = (4 + instances) / 0.224;
      const workload::Workload workload = mixed(load * capacity, 0.6, 30min, 3);
      const Violated off = run(world, workload, false);
      const Violated on = run(world, workload, true);
      if (load > 1) {
        EXPECT_LT(on.high, 0.25 * off.high);
        EXPECT_GT(on.low, on.high);
        EXPECT_LT(on.all, off.all + 0.1);
      } else if (load < 0.9) {
        EXPECT_LT(on.all, off.all + 0.002);
      }
      record(std::to_string(instances) + " instances, load " + std::to_string(load), off, on);
    }
  }
}

// Where all are of one priority, nothing changes.
TEST(SimulatedControlledDelay, high_priority_alone_is_treated_as_without) {
  for (const double load : {0.8, 1.5}) {
    const World world = world_of(4, 4);
    const workload::Workload workload = mixed(load * 8 / 0.224, 0, 10min, 3);
    EXPECT_EQ(run(world, workload, true).high, run(world, workload, false).high);
  }
}

}  // namespace
}  // namespace warmgate::sim
