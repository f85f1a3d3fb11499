#include "serverless/autoscaler.h"

#include <gtest/gtest.h>

namespace warmgate::serverless {
namespace {

constexpr Instant at(Duration since_start) {
  return Instant(1000h) + since_start;
}

TEST(Autoscaler, WantsNothingWithoutDemand) {
  Autoscaler scaler(10, 0.6, 60s);
  EXPECT_EQ(scaler.wanted(at(0s)), 0u);
  scaler.observe(at(5s), 0);
  EXPECT_EQ(scaler.wanted(at(500s)), 0u);
}

TEST(Autoscaler, MeanGrowsWithTimeAndReachesTheDemand) {
  Autoscaler scaler(10, 0.6, 60s);
  scaler.observe(at(0s), 12);
  EXPECT_NEAR(scaler.mean_demand(at(15s)), 3, 1e-9);
  EXPECT_NEAR(scaler.mean_demand(at(30500ms)), 6.1, 1e-9);
  EXPECT_NEAR(scaler.mean_demand(at(60s)), 12, 1e-9);
  EXPECT_NEAR(scaler.mean_demand(at(1000s)), 12, 1e-9);
}

TEST(Autoscaler, TargetIsAShareOfTheConcurrency) {
  Autoscaler scaler(10, 0.6, 60s);
  scaler.observe(at(0s), 6);
  EXPECT_EQ(scaler.wanted(at(1s)), 1u);
  EXPECT_EQ(scaler.wanted(at(100s)), 1u) << "exactly the target needs no second instance";
  scaler.observe(at(100s), 7);
  EXPECT_EQ(scaler.wanted(at(200s)), 2u);
}

TEST(Autoscaler, ForgetsWhatLeftTheWindow) {
  Autoscaler scaler(1, 1.0, 60s);
  scaler.observe(at(0s), 4);
  scaler.observe(at(60s), 0);
  EXPECT_NEAR(scaler.mean_demand(at(90s)), 2, 1e-9);
  EXPECT_NEAR(scaler.mean_demand(at(90500ms)), 2 - 4 * 0.5 / 60, 1e-9);
  EXPECT_NEAR(scaler.mean_demand(at(120s)), 0, 1e-9);
  EXPECT_EQ(scaler.wanted(at(100h)), 0u);
}

TEST(Autoscaler, CountsShortBursts) {
  Autoscaler scaler(1, 1.0, 60s);
  for (int second = 0; second < 60; ++second) {
    scaler.observe(at(second * 1s), 3);
    scaler.observe(at(second * 1s + 500ms), 0);
  }
  EXPECT_NEAR(scaler.mean_demand(at(60s)), 1.5, 1e-9);
}

}  // namespace
}  // namespace warmgate::serverless
