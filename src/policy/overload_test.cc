// What must hold under load, in the fake world: overload, and a server that is killed.
#include <gtest/gtest.h>

#include "policy/overload_world.h"

namespace warmgate::policy {
namespace {

// Five times the capacity: refused at once, the accepted meet their deadline, nothing is wasted.
// Also where the platform allows fewer instances than the settings say.
TEST(Overload, refusals_are_quick_and_the_accepted_meet_their_deadline) {
  for (const uint32_t real_instances : {4u, 2u}) {
    WorldSettings settings = steady_world();
    settings.real_instances = real_instances;
    settings.arrivals_per_s = 5 * kCapacity;
    TestWorld world(settings, 1);
    world.figures_from = 8s;  // the cold start and those who waited for it are over
    world.run();
    EXPECT_EQ(world.complaint(), "");
    const double capacity = (4 + 4 * real_instances) / 0.030 * 4;
    EXPECT_GT(static_cast<double>(world.figures.answered), 0.9 * capacity);
    EXPECT_LT(static_cast<double>(world.figures.late), 0.01 * capacity);
    EXPECT_GT(world.figures.refused, 0u);
    // While some press in vain for an instance that the platform does not allow, a few wait longer.
    EXPECT_LE(world.figures.refused_slowly * 100, world.figures.refused);
  }
}

TEST(Overload, nobody_is_refused_below_the_capacity_once_warm) {
  for (const bool names : {true, false}) {
    WorldSettings settings = steady_world();
    settings.names_instances = names;
    settings.arrivals_per_s = 0.7 * kCapacity;
    TestWorld world(settings, 1);
    world.figures_from = 8s;
    world.run();
    EXPECT_EQ(world.complaint(), "");
    EXPECT_EQ(world.figures.refused, 0u);
    EXPECT_EQ(world.figures.late, 0u);
  }
}

TEST(Overload, recovery_is_at_once) {
  WorldSettings settings = steady_world();
  settings.arrivals_per_s = 5 * kCapacity;
  settings.calm_after = 9s;
  settings.calm_arrivals_per_s = 0.5 * kCapacity;
  TestWorld world(settings, 1);
  world.figures_from = 9100ms;
  world.run();
  EXPECT_EQ(world.complaint(), "");
  EXPECT_GT(world.figures.answered, 500u);
  EXPECT_EQ(world.figures.refused, 0u);
  EXPECT_EQ(world.figures.late, 0u);
}

// Servers and instances die under load; every request here may be repeated, and none fails.
TEST(Crash, no_request_fails_that_may_be_repeated) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    WorldSettings settings = steady_world();
    settings.check_every = 1;
    settings.arrivals_per_s = 100;
    settings.crashes_per_s = 0.5;
    settings.service.slo = 2s;
    TestWorld world(settings, seed);
    world.run();
    EXPECT_EQ(world.complaint(), "");
    EXPECT_EQ(world.rejected(), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace warmgate::policy
