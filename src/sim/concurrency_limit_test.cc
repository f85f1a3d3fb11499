// The concurrency limit in simulated worlds: backends that can do less than their slots say, and
// backends that can do them.
#include <gtest/gtest.h>

#include <cmath>

#include "sim/simulation.h"
#include "workload/generators.h"

namespace warmgate::sim {
namespace {

// `slots` are configured; a machine of `vcpus` works on them by equal shares.
World world_of(uint32_t slots, double vcpus, uint32_t instances) {
  World world;
  world.slo = 1200ms;
  world.always_on.machine.vcpus = world.always_on.machine.sustained_vcpus = vcpus;
  world.always_on.slots = slots;
  world.serverless.concurrency = 1;
  world.serverless.max_instances = instances;
  world.serverless.start = StartTime::fixed(10s);
  return world;
}

workload::Workload poisson(double rate, Duration length, uint64_t seed) {
  const auto service = workload::parse_time_draw("p50=200ms,p99=600ms");
  return workload::with_service(workload::draw(workload::Poisson{rate, length}, seed), *service,
                                seed);
}

Figures run(const World& world, const workload::Workload& workload, bool limited) {
  policy::ServiceSettings settings = settings_for(world);
  settings.always_on.limit.enabled = limited;
  settings.prefer = policy::Prefer::always_on;
  const auto dispatcher = policy::make_warmgate_dispatcher(settings, 1);
  SimulationOptions options;
  options.check_every = 1000;
  return simulate(world, workload, *dispatcher, 1, options);
}

double per_million(uint64_t count, const Figures& figures) {
  return 1e6 * static_cast<double>(count) / static_cast<double>(figures.requests);
}

void record(const std::string& name, const Figures& off, const Figures& on) {
  const auto text = [](const Figures& figures) {
    return std::to_string(std::lround(figures.violations_per_million())) + " (late " +
           std::to_string(std::lround(per_million(figures.late, figures))) + "), USD " +
           std::to_string(figures.usd());
  };
  testing::Test::RecordProperty(name, text(off) + " -> " + text(on));
}

// Two vCPUs do some nine requests a second, whatever the configuration says.
TEST(SimulatedConcurrencyLimit, a_backend_with_less_capacity_than_slots_breaks_the_slo_less) {
  uint64_t off_sum = 0, on_sum = 0;
  for (const uint32_t slots : {8u, 16u}) {
    for (const double rate : {7.0, 8.5, 12.0}) {
      for (const uint32_t instances : {0u, 8u}) {
        const World world = world_of(slots, 2, instances);
        const workload::Workload workload = poisson(rate, 1h, 5);
        const Figures off = run(world, workload, false);
        const Figures on = run(world, workload, true);
        EXPECT_LT(on.violations(), 1.6 * static_cast<double>(off.violations()));
        EXPECT_LE(on.usd(), 1.01 * off.usd());
        if (instances == 0) {
          EXPECT_LT(on.violations(), off.violations());
          EXPECT_LT(4 * on.late, off.late);
        }
        off_sum += off.violations();
        on_sum += on.violations();
        record(std::to_string(slots) + " slots, " + std::to_string(std::lround(rate)) + "/s, " +
                   std::to_string(instances) + " instances",
               off, on);
      }
    }
  }
  EXPECT_LT(on_sum, 0.7 * static_cast<double>(off_sum));
}

// Where the slots are what the machine can do, nothing is lowered, however the load is.
TEST(SimulatedConcurrencyLimit, a_backend_that_can_do_its_slots_loses_nothing) {
  for (const uint32_t slots : {2u, 8u, 32u}) {
    for (const double load : {0.5, 0.9, 1.5}) {
      const World world = world_of(slots, slots, 4);
      const workload::Workload workload = poisson(load * slots / 0.224, 30min, 5);
      const Figures off = run(world, workload, false);
      const Figures on = run(world, workload, true);
      EXPECT_EQ(on.violations(), off.violations());
      EXPECT_EQ(on.usd(), off.usd());
    }
  }
}

}  // namespace
}  // namespace warmgate::sim
