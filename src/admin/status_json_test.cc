#include "admin/status_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "admin/sample_snapshot.h"

namespace warmgate::admin {
namespace {

using Json = nlohmann::json;

TEST(StatusJson, TellsOfTheGateway) {
  const Json json = Json::parse(render_status(sample_snapshot()));
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["uptime_s"], 90);
  EXPECT_EQ(json["ready"], true);
  EXPECT_EQ(json["requests_malformed"], 4);
  EXPECT_EQ(json["services"].size(), 2u);
}

TEST(StatusJson, TellsOfAService) {
  const Json json = Json::parse(render_status(sample_snapshot()))["services"][0];
  EXPECT_EQ(json["name"], "digits");
  EXPECT_EQ(json["slo_s"], 0.5);
  EXPECT_EQ(json["prefer"], "serverless");
  EXPECT_EQ(json["queue"], Json({{"requests", 3}, {"bytes", 4096}, {"oldest_wait_s", 0.25}}));
  EXPECT_EQ(json["decisions"]["low-demand"], 42);
  EXPECT_EQ(json["rejects"]["queue-full"], 17);
  EXPECT_EQ(json["probes"]["wake"], 9);
  EXPECT_EQ(json["attempts"]["serverless"]["timed-out"], 3);
  EXPECT_EQ(json["cold_starts"]["hidden"], 6);
  EXPECT_EQ(json["spending"]["day_usd"], 2);
  EXPECT_EQ(json["spending"]["over_budget"], true);
  EXPECT_EQ(json["requests"]["over"]["gateway"]["5xx"], 17);
  EXPECT_EQ(json["model"]["check"], "different");
  EXPECT_EQ(json["model"]["differences"].size(), 1u);
  EXPECT_NEAR(json["latency"]["duration"]["always_on"]["p50_s"], 0.05, 0.002);
  EXPECT_EQ(json["latency"]["first_byte"]["serverless_cold"]["count"], 1);
}

TEST(StatusJson, TellsOfPoolsAndTheirEvidence) {
  const Json pools = Json::parse(render_status(sample_snapshot()))["services"][0]["pools"];
  EXPECT_EQ(pools["always_on"]["state"], "warm");
  EXPECT_EQ(pools["always_on"]["evidence"], "health");
  EXPECT_EQ(pools["always_on"]["evidence_age_s"], 1.5);
  EXPECT_EQ(pools["always_on"]["backends"][1]["healthy"], false);
  EXPECT_EQ(pools["serverless"]["state"], "starting");
  EXPECT_EQ(pools["serverless"]["starting"], 2);
  EXPECT_EQ(pools["serverless"]["idle_lifetime"]["half_s"], 600);
  EXPECT_EQ(pools["serverless"]["idle_lifetime"]["nine_in_ten_s"], 480);
  EXPECT_EQ(pools["serverless"]["backends"][0]["circuit"], "open");
  EXPECT_EQ(pools["serverless"]["backends"][0]["resolve_error"], "no such name");
  EXPECT_EQ(pools["serverless"]["backends"][0]["addresses"].size(), 2u);
}

TEST(StatusJson, WhatIsNotKnownIsNull) {
  const Json json = Json::parse(render_status(sample_snapshot()))["services"][1];
  EXPECT_TRUE(json["pools"]["serverless"]["evidence_age_s"].is_null());
  EXPECT_TRUE(json["pools"]["serverless"]["learned"]["service_p50_s"].is_null());
  EXPECT_TRUE(json["pools"]["serverless"]["backends"][0]["resolve_error"].is_null());
  EXPECT_TRUE(json["latency"]["queue"]["p99_s"].is_null());
  EXPECT_EQ(json["latency"]["queue"]["count"], 0);
}

TEST(StatusJson, StandsTextsOfPeersThatAreNotUtf8) {
  Snapshot snapshot = sample_snapshot();
  snapshot.services[0].backends[0][0].resolve_error = "bad \xff byte";
  EXPECT_FALSE(Json::parse(render_status(snapshot), nullptr, false).is_discarded());
}

}  // namespace
}  // namespace warmgate::admin
