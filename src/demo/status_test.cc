#include "demo/status.h"

#include <gtest/gtest.h>

namespace warmgate::demo {
namespace {

TEST(ServerlessStatus, CountsInstancesByWhatTheyDo) {
  const auto status = parse_serverless_status(
      R"({"waiting": 3, "instances": [{"state": "delayed"}, {"state": "starting"},
          {"state": "serving"}, {"state": "idle"}, {"state": "stopping"}],
          "billable": {"request": {"seconds": 12.5, "usd": 0.001}, "instance": {"seconds": 40}}})");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->starting, 2u);
  EXPECT_EQ(status->serving, 1u);
  EXPECT_EQ(status->idle, 1u);
  EXPECT_EQ(status->stopping, 1u);
  EXPECT_EQ(status->waiting, 3u);
  EXPECT_DOUBLE_EQ(status->bill.seconds, 12.5);
  EXPECT_DOUBLE_EQ(status->bill.usd, 0.001);
}

TEST(GatewayStatus, TakesTheFirstService) {
  const auto status = parse_gateway_status(
      R"({"services": [{"pools": {
            "always_on": {"state": "warm", "slots": 2, "in_flight": 1},
            "serverless": {"state": "starting", "evidence": "none", "slots": 0, "in_flight": 0}},
          "queue": {"requests": 4}, "demand_per_s": 22.5}]})");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->always_on_state, "warm");
  EXPECT_EQ(status->always_on_slots, 2u);
  EXPECT_EQ(status->serverless_state, "starting");
  EXPECT_EQ(status->evidence, "none");
  EXPECT_EQ(status->queued, 4u);
  EXPECT_DOUBLE_EQ(status->demand_per_s, 22.5);
}

TEST(Status, IsAbsentWhenAnotherProgramAnswers) {
  for (const char* text : {"", "hello", "[]", "{}", "{\"services\":[]}"}) {
    EXPECT_FALSE(parse_serverless_status(text)) << text;
    EXPECT_FALSE(parse_gateway_status(text)) << text;
  }
}

}  // namespace
}  // namespace warmgate::demo
