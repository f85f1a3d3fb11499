// Requests of two sizes in simulated worlds: what the policy gains by telling them apart.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "sim/simulation.h"
#include "workload/generators.h"

namespace warmgate::sim {
namespace {

constexpr uint32_t kSmall = 800, kLarge = 100'000;  // bytes

World world_of(uint32_t slots) {
  World world;
  world.slo = 1200ms;
  world.always_on.slots = slots;
  world.always_on.share_cores = false;
  world.serverless.concurrency = 1;
  world.serverless.start = StartTime::fixed(5s);
  return world;
}

// One in ten is large and takes some 700 ms, the others 80 ms.
workload::Workload mixed(double rate, Duration length, uint64_t seed) {
  const auto small = workload::parse_time_draw("p50=80ms,p99=120ms");
  const auto large = workload::parse_time_draw("p50=700ms,p99=800ms");
  const workload::ArrivalTimes at = workload::draw(workload::Poisson{rate, length}, seed);
  workload::Workload all = workload::with_service(at, *small, seed);
  const workload::Workload as_large = workload::with_service(at, *large, seed);
  Prng prng(seed);
  for (size_t i = 0; i < all.size(); ++i) {
    const bool is_large = prng.chance(0.1);
    if (is_large) all[i] = as_large[i];
    all[i].bytes = is_large ? kLarge : kSmall;
  }
  return all;
}

Figures run(const World& world, workload::Workload workload, bool tell_sizes,
            policy::Prefer prefer) {
  if (!tell_sizes) {
    for (workload::Request& request : workload) request.bytes = kSmall;
  }
  policy::ServiceSettings settings = settings_for(world);
  settings.prefer = prefer;
  SimulationOptions options;
  options.check_every = 1000;
  const auto dispatcher = policy::make_warmgate_dispatcher(settings, 1);
  return simulate(world, workload, *dispatcher, 1, options);
}

struct Sum {
  double violations = 0;
  double cost = 0;  // of the serverless pool
};

// Over loads from comfortable to half as much again as the machines can do, without -> with sizes.
std::pair<Sum, Sum> compare(policy::Prefer prefer) {
  Sum without, with;
  for (const double load : {0.5, 0.7, 0.9, 1.1, 1.5}) {
    for (const uint64_t seed : {3u, 4u}) {
      const uint32_t slots = 2;
      const workload::Workload workload = mixed(load * slots / 0.142, 1h, seed);
      for (const bool tell_sizes : {false, true}) {
        const Figures figures = run(world_of(slots), workload, tell_sizes, prefer);
        Sum& sum = tell_sizes ? with : without;
        sum.violations += static_cast<double>(figures.violations());
        sum.cost += figures.cost.serverless();
      }
    }
  }
  const auto text = [](const Sum& sum) {
    return std::to_string(std::lround(sum.violations)) + " for " + std::to_string(sum.cost) +
           " USD";
  };
  testing::Test::RecordProperty("violations", text(without) + " -> " + text(with));
  return {without, with};
}

TEST(SimulatedRequestSizes, telling_sizes_apart_saves_violations_for_nothing) {
  const auto [without, with] = compare(policy::Prefer::serverless);
  EXPECT_LT(with.violations, 0.7 * without.violations);
  EXPECT_LT(with.cost, 1.01 * without.cost);
}

// What is large waits for an always-on slot in vain, where it is thought to be as quick as others.
TEST(SimulatedRequestSizes, where_always_on_is_preferred_large_ones_are_handed_over_in_time) {
  const auto [without, with] = compare(policy::Prefer::always_on);
  EXPECT_LT(with.violations, 0.6 * without.violations);
  EXPECT_LT(with.cost, 1.2 * without.cost);
}

}  // namespace
}  // namespace warmgate::sim
