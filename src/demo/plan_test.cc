#include "demo/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::demo {
namespace {

using ::testing::HasSubstr;

const Machine kTwoCores{.service_time = 25ms, .cores = 2};

TEST(Plan, SaturatesTheAlwaysOnPoolButNotTheMachine) {
  const auto plan = make_plan(kDefaultLength, kTwoCores);
  ASSERT_TRUE(plan.ok());
  EXPECT_NEAR(plan->always_on_rate, 40, 0.1);
  EXPECT_GT(plan->burst_rate, 1.1 * plan->always_on_rate);
  EXPECT_LT(plan->burst_rate, 0.7 * 2 * plan->always_on_rate);
  EXPECT_LT(plan->quiet_rate, 0.2 * plan->always_on_rate);
}

TEST(Plan, EndsInTime) {
  for (Duration length : {kShortest, kDefaultLength, Duration(10min)}) {
    const auto plan = make_plan(length, kTwoCores);
    ASSERT_TRUE(plan.ok());
    EXPECT_LE(3 * load::length_of(plan->profile), length - 10s);
  }
}

TEST(Plan, LetsThePoolGoColdBetweenTheBursts) {
  for (Duration length : {kShortest, kDefaultLength, Duration(5min)}) {
    const auto plan = make_plan(length, kTwoCores);
    Duration silence{};
    for (const load::Phase& phase : plan->profile) {
      if (phase.to == 0) silence += phase.length;
    }
    EXPECT_GT(silence, 1.2 * plan->idle_timeout) << format_duration(length);
  }
}

TEST(Plan, ShrinksTheStartWithTheRest) {
  EXPECT_EQ(make_plan(kDefaultLength, kTwoCores)->start_delay, 3s);
  EXPECT_EQ(make_plan(5min, kTwoCores)->start_delay, 3s);
  EXPECT_LT(make_plan(60s, kTwoCores)->start_delay, 2s);
}

TEST(Plan, GivesASlowMachineALooserSlo) {
  EXPECT_EQ(make_plan(kDefaultLength, kTwoCores)->slo, 500ms);
  EXPECT_EQ(make_plan(kDefaultLength, {.service_time = 100ms, .cores = 4})->slo, 1400ms);
}

TEST(Plan, RefusesATimeThatIsTooShort) {
  EXPECT_THAT(make_plan(20s, kTwoCores).error().message, HasSubstr("45s"));
  EXPECT_FALSE(make_plan(24h, kTwoCores).ok());
}

TEST(Plan, TellsWhichPartIsOn) {
  const auto plan = make_plan(kDefaultLength, kTwoCores);
  EXPECT_EQ(part_at(*plan, 0s), "quiet");
  EXPECT_EQ(part_at(*plan, 4s), "ramp");
  EXPECT_EQ(part_at(*plan, 11s), "burst");
  EXPECT_EQ(part_at(*plan, 16s), "silence");
  EXPECT_EQ(part_at(*plan, 1h), "end");
}

}  // namespace
}  // namespace warmgate::demo
