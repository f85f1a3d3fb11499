// Every baseline in simulated worlds where things break: each request ends exactly once, invariants
// hold after each step, and the same seed gives the same figures.
#include <gtest/gtest.h>

#include "baselines/registry.h"
#include "sim/simulation.h"
#include "workload/generators.h"

namespace warmgate::baselines {
namespace {

sim::World random_world(uint64_t seed) {
  Prng prng(seed * 7919);
  sim::World world;
  world.slo = from_seconds(0.1 + prng.uniform() * 2);
  world.always_on.backends = static_cast<uint16_t>(1 + prng.below(3));
  world.always_on.slots = 1 + static_cast<uint32_t>(prng.below(4));
  world.always_on.backlog = static_cast<uint32_t>(prng.below(50));
  world.serverless.concurrency = 1 + static_cast<uint32_t>(prng.below(4));
  world.serverless.max_instances = 1 + static_cast<uint32_t>(prng.below(10));
  world.serverless.start = sim::StartTime::fixed(from_seconds(0.2 + prng.uniform() * 40));
  world.first_byte_share = prng.chance(0.3) ? 0.2 : 1;
  if (prng.chance(0.7)) {
    sim::FaultRates rates;
    rates.always_on_crashes_per_day = 200;
    rates.instance_crashes_per_day = 200;
    rates.slow_periods_per_day = 100;
    rates.partitions_per_day = 100;
    world.faults = sim::draw_faults(rates, world.always_on, 1h, seed);
  }
  return world;
}

sim::Figures run(const Alternative& alternative, uint64_t seed) {
  sim::World world = random_world(seed);
  if (!alternative.always_on) world.always_on.backends = 0;
  if (!alternative.serverless) world.serverless.max_instances = 0;
  const auto times =
      workload::draw_named("mmpp:low=1,high=20,mean_low=2m,mean_high=20s,length=1h", seed);
  const auto workload =
      workload::with_service(*times, workload::TimeDraw::lognormal(80ms, 600ms), seed);
  const double choice = alternative.choices.empty() ? 0 : alternative.choices.front();
  const auto dispatcher = alternative.make(sim::settings_for(world), choice);
  sim::SimulationOptions options;
  options.check_every = 1;
  return sim::simulate(world, workload, *dispatcher, seed, options);
}

class EachAlternative : public testing::TestWithParam<std::string_view> {};

TEST_P(EachAlternative, EndsEachRequestOnceWhateverBreaks) {
  const Alternative& alternative = *find_alternative(GetParam());
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const sim::Figures figures = run(alternative, seed);
    EXPECT_GT(figures.requests, 1'000u);
    EXPECT_EQ(figures.requests, figures.answered + figures.refused + figures.failed);
    EXPECT_GT(figures.answered, figures.requests / 20);
  }
  const sim::Figures once = run(alternative, 5), again = run(alternative, 5);
  EXPECT_EQ(once.steps, again.steps);
  EXPECT_EQ(once.usd(), again.usd());
  EXPECT_EQ(once.violations(), again.violations());
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> all;
  for (const Alternative& alternative : alternatives()) all.push_back(alternative.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Worlds, EachAlternative, testing::ValuesIn(names()),
                         [](const auto& instance) {
                           std::string name(instance.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace warmgate::baselines
