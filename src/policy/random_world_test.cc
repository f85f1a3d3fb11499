// Property tests: random worlds with crashes, cold starts, refusals and impatient clients. After
// every step the Dispatcher's invariants and the gateway's contract are checked. A failure names
// its seed; WARMGATE_SEED=n runs that world alone.
#include <gtest/gtest.h>

#include <cstdlib>

#include "policy/random_world.h"

namespace warmgate::policy {
namespace {

constexpr uint64_t kSeeds = 200;

void run_world(uint64_t seed) {
  TestWorld world(random_world(seed), seed);
  world.run();
  EXPECT_EQ(world.complaint(), "") << "reproduce with WARMGATE_SEED=" << seed;
}

TEST(RandomWorld, no_rule_is_broken_in_any_world) {
  if (const char* seed = std::getenv("WARMGATE_SEED")) {
    return run_world(std::strtoull(seed, nullptr, 10));
  }
  for (uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("WARMGATE_SEED=" + std::to_string(seed));
    run_world(seed);
  }
}

TEST(RandomWorld, no_rule_is_broken_in_worlds_of_hours) {
  for (uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    TestWorld world(hourly_world(seed), seed);
    world.run();
    EXPECT_EQ(world.complaint(), "") << "hourly world " << seed;
  }
}

TEST(RandomWorld, the_same_events_give_the_same_actions) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    TestWorld first(random_world(seed), seed);
    TestWorld second(random_world(seed), seed);
    first.run();
    second.run();
    EXPECT_EQ(first.digest(), second.digest()) << "seed " << seed;
    EXPECT_EQ(first.arrivals(), second.arrivals());
  }
}

}  // namespace
}  // namespace warmgate::policy
