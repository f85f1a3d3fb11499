#include "demo/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace warmgate::demo {
namespace {

using ::testing::HasSubstr;

load::Tally sample() {
  load::Tally tally(500ms);
  for (int i = 0; i < 98; ++i) tally.add({.latency = 40ms, .status = 200});
  tally.add({.latency = 3200ms, .status = 200, .instance_age = 0.2});
  tally.add({.latency = 1ms, .ending = load::Ending::refused_503, .status = 503});
  return tally;
}

TEST(DemoResult, AddsTheMachineToTheBill) {
  const ArmResult arm = make_result(sample(), {.seconds = 12, .usd = 0.25}, 30min);
  EXPECT_EQ(arm.requests, 100u);
  EXPECT_EQ(arm.ok, 99u);
  EXPECT_EQ(arm.errors, 1u);
  EXPECT_EQ(arm.over_slo, 2u);
  EXPECT_EQ(arm.cold_starts_seen, 1u);
  EXPECT_NEAR(arm.p50_ms, 40, 1);
  EXPECT_NEAR(arm.max_ms, 3200, 1);
  EXPECT_DOUBLE_EQ(arm.serverless_seconds, 12);
  EXPECT_DOUBLE_EQ(arm.usd, 0.25 + kVmUsdPerHour / 2);
}

TEST(DemoResult, JsonHasTheSameKeysInEachArm) {
  const DemoResult result{.slo = 500ms, .warmgate = make_result(sample(), {}, 0s)};
  const auto json = nlohmann::ordered_json::parse(result_json(result));
  EXPECT_EQ(json["slo_ms"], 500);
  for (const char* arm : {"always_on_only", "serverless_only", "warmgate"}) {
    for (const char* key : {"requests", "ok", "wrong", "errors", "p50_ms", "p99_ms", "max_ms",
                            "over_slo", "cold_starts_seen", "serverless_seconds", "usd"}) {
      EXPECT_TRUE(json["arms"][arm][key].is_number()) << arm << " " << key;
    }
    EXPECT_EQ(json["arms"][arm].size(), 11u);
  }
}

TEST(DemoResult, TableAndVerdictFollowTheFigures) {
  DemoResult result{.slo = 500ms};
  result.serverless_only = make_result(sample(), {}, 0s);
  result.serverless_only.p99_ms = 3200;
  result.warmgate.p99_ms = 160;
  EXPECT_THAT(result_table(result), HasSubstr("over the SLO of 500ms"));
  EXPECT_THAT(result_table(result), HasSubstr("2 (2.0 %)"));
  EXPECT_THAT(result_verdict(result), HasSubstr("let 1 request wait for a cold start"));
  EXPECT_THAT(result_verdict(result), HasSubstr("p99 is 20 times lower"));
}

}  // namespace
}  // namespace warmgate::demo
