// Fair shares in simulated worlds: what a crowd of one key does to the others.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/simulation.h"
#include "sim/watcher.h"
#include "workload/generators.h"

namespace warmgate::sim {
namespace {

constexpr uint64_t kCrowd = 1;
constexpr uint64_t kOthers = 4;  // keys 2 to 5

// Four clients of half a request a second each, and a crowd of another.
workload::Workload with_crowd(const workload::ArrivalTimes& crowd, Duration length, uint64_t seed) {
  const auto service = workload::parse_time_draw("p50=200ms,p99=600ms");
  const auto others = workload::draw(workload::Poisson{2, length}, seed + 1);
  workload::Workload all = workload::with_service(crowd, *service, seed);
  for (workload::Request& request : all) request.key = kCrowd;
  Prng prng(seed);
  for (workload::Request request : workload::with_service(others, *service, seed + 1)) {
    request.key = kCrowd + 1 + prng.below(kOthers);
    all.push_back(request);
  }
  std::ranges::stable_sort(all, {}, &workload::Request::at);
  return all;
}

struct Shares {
  double crowd = 0, others = 0;  // violated
  uint64_t answered = 0;
};

Shares run(const World& world, const workload::Workload& workload, bool fair, uint64_t seed) {
  policy::ServiceSettings settings = settings_for(world);
  settings.queue.fair = fair;
  Watcher watcher(policy::make_warmgate_dispatcher(settings, seed), world.slo);
  SimulationOptions options;
  options.check_every = 1000;
  const Figures figures = simulate(world, workload, watcher, seed, options);
  Watcher::Counts others;
  for (uint64_t key = kCrowd + 1; key <= kCrowd + kOthers; ++key) {
    others.answered += watcher.by_key[key].answered;
    others.late += watcher.by_key[key].late;
    others.refused += watcher.by_key[key].refused;
    others.failed += watcher.by_key[key].failed;
  }
  return {watcher.by_key[kCrowd].share_violated(), others.share_violated(), figures.answered};
}

World small_world() {
  World world;
  world.slo = 1200ms;
  world.always_on.slots = 2;
  world.always_on.share_cores = false;
  world.serverless.concurrency = 1;
  world.serverless.max_instances = 4;
  world.serverless.start = StartTime::fixed(10s);
  return world;
}

// Six slots do some 27 requests a second; the crowd alone sends 60.
TEST(SimulatedFairShares, a_lasting_crowd_of_one_key_costs_the_others_little) {
  const World world = small_world();
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const auto crowd = workload::draw(workload::Poisson{60, 10min}, seed);
    const workload::Workload workload = with_crowd(crowd, 10min, seed);
    const Shares without = run(world, workload, false, seed);
    const Shares with = run(world, workload, true, seed);
    RecordProperty("lasting " + std::to_string(seed),
                   std::to_string(without.others) + " -> " + std::to_string(with.others));
    EXPECT_GT(without.others, 0.4);
    EXPECT_LT(with.others, 0.05);
    EXPECT_NEAR(static_cast<double>(with.answered), static_cast<double>(without.answered),
                0.03 * static_cast<double>(without.answered));
  }
}

// A flash crowd of one key meets a cold pool: the always-on slots are shared while it starts.
TEST(SimulatedFairShares, a_flash_crowd_of_one_key_before_a_cold_start_costs_the_others_less) {
  const World world = small_world();
  uint64_t better = 0;
  double without_sum = 0, with_sum = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    workload::FlashCrowd flash{0.01, 40, 3min, 5s, 30s, 30s, 10min};
    const workload::Workload workload = with_crowd(workload::draw(flash, seed), 10min, seed);
    const Shares without = run(world, workload, false, seed);
    const Shares with = run(world, workload, true, seed);
    RecordProperty("flash " + std::to_string(seed),
                   std::to_string(without.others) + " -> " + std::to_string(with.others));
    better += with.others < without.others ? 1 : 0;
    without_sum += without.others;
    with_sum += with.others;
  }
  EXPECT_EQ(better, 5u);
  EXPECT_LT(with_sum, 0.5 * without_sum);
}

}  // namespace
}  // namespace warmgate::sim
