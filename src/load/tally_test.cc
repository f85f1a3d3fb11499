#include "load/tally.h"

#include <gtest/gtest.h>

namespace warmgate::load {
namespace {

Outcome outcome(Ending ending, Duration latency) {
  return {.latency = latency, .ending = ending, .status = 200};
}

TEST(Outcome, SortsStatusesByWhatTheyMean) {
  EXPECT_EQ(ending_of(200), Ending::ok);
  EXPECT_EQ(ending_of(204), Ending::ok);
  EXPECT_EQ(ending_of(302), Ending::redirected);
  EXPECT_EQ(ending_of(404), Ending::refused_4xx);
  EXPECT_EQ(ending_of(429), Ending::refused_429);
  EXPECT_EQ(ending_of(502), Ending::failed_5xx);
  EXPECT_EQ(ending_of(503), Ending::refused_503);
}

TEST(Outcome, ReadsTheAgeOfAnInstance) {
  EXPECT_EQ(parse_instance_age("abc;age=0.125;served=4"), 0.125);
  EXPECT_EQ(parse_instance_age("abc;served=4;age=12"), 12.0);
  for (const char* text : {"", "abc", "abc;age=", "abc;age=x;served=1", "abc;age=-1", "age=1"}) {
    EXPECT_EQ(parse_instance_age(text), std::nullopt) << text;
  }
}

TEST(Outcome, SeesAColdStartWhenTheInstanceIsYoungerThanTheRequest) {
  Outcome slow = outcome(Ending::ok, 3s);
  EXPECT_FALSE(slow.saw_cold_start());
  slow.instance_age = 2.9;
  EXPECT_TRUE(slow.saw_cold_start());
  slow.instance_age = 3.1;
  EXPECT_FALSE(slow.saw_cold_start());
}

TEST(Tally, CountsWhatAUserWouldCallLate) {
  Tally tally(500ms);
  tally.add(outcome(Ending::ok, 500ms));
  tally.add(outcome(Ending::ok, 501ms));
  tally.add(outcome(Ending::wrong, 1ms));
  tally.add(outcome(Ending::refused_503, 1ms));
  tally.add(outcome(Ending::not_sent, 0ms));
  tally.add(outcome(Ending::connect_failed, 1ms));
  tally.add(outcome(Ending::abandoned, 1ms));
  EXPECT_EQ(tally.arrivals(), 7u);
  EXPECT_EQ(tally.sent(), 6u);
  EXPECT_EQ(tally.answers(), 4u);
  EXPECT_EQ(tally.errors(), 3u);
  EXPECT_EQ(tally.over_slo(), 5u);
}

TEST(Tally, DoesNotLetAServerLookFastByNeverAnswering) {
  Tally tally(500ms);
  for (int i = 0; i < 98; ++i) tally.add(outcome(Ending::ok, 10ms));
  for (int i = 0; i < 2; ++i) tally.add(outcome(Ending::timed_out, 30s));
  tally.add(outcome(Ending::refused_429, 2ms));
  EXPECT_EQ(tally.latency().count(), 100u);
  EXPECT_GT(tally.latency().quantile(0.99), 29s);
  EXPECT_EQ(tally.refusal_latency().count(), 1u);
}

TEST(Tally, KeepsPoolsAndReasonsApartWithinABound) {
  Tally tally(500ms);
  Outcome one = outcome(Ending::ok, 600ms);
  one.pool = "serverless";
  one.reason = "overflow";
  one.instance_age = 0.5;
  tally.add(one);
  one.instance_age = 5;
  tally.add(one);
  EXPECT_EQ(tally.pools().at("serverless").answers, 2u);
  EXPECT_EQ(tally.pools().at("serverless").cold_starts, 1u);
  EXPECT_EQ(tally.cold_starts(), 1u);
  EXPECT_EQ(tally.late_cold_starts(), 1u);
  one.latency = 500ms;
  one.instance_age = 0.3;
  tally.add(one);
  EXPECT_EQ(tally.cold_starts(), 2u);
  EXPECT_EQ(tally.late_cold_starts(), 1u);
  EXPECT_EQ(tally.reasons().at("overflow"), 3u);
  for (int i = 0; i < 100; ++i) {
    const std::string reason = "r" + std::to_string(i);
    one.reason = reason;
    tally.add(one);
  }
  EXPECT_EQ(tally.reasons().size(), Tally::kMaxLabels + 1);
  EXPECT_EQ(tally.reasons().at("(other)"), 100 - Tally::kMaxLabels + 1);
}

}  // namespace
}  // namespace warmgate::load
