// The seven cases of docs/behaviour, seen from outside: who answered, why, and after how many
// tries.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;

class Cases : public GatewayScenario {
 protected:
  static void expect_story(const ResponseText& answer, const std::string& pool,
                           const std::string& reason, const std::string& attempts = "1") {
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.field("warmgate-pool"), pool);
    EXPECT_EQ(answer.field("warmgate-reason"), reason);
    EXPECT_EQ(answer.field("warmgate-attempts"), attempts);
    EXPECT_THAT(answer.field("server-timing"), HasSubstr("queue;dur="));
    EXPECT_THAT(answer.field("server-timing"), HasSubstr("upstream;dur="));
  }
};

TEST_P(Cases, after_a_restart_the_always_on_pool_answers_and_serverless_is_left_alone) {
  start();
  expect_story(answer_to(), "always-on", "unknown");
  EXPECT_EQ(serverless_->requests(), 0u);
}

TEST_P(Cases, case_1_what_exceeds_the_always_on_slots_waits_for_the_wake) {
  start();
  teach_always_on();
  fill_always_on();
  const auto waiting = ask();
  loop_.run_for(50ms);
  EXPECT_EQ(waiting->complete(), 0u);
  EXPECT_EQ(serverless_->requests(), 1u) << "one wake";
  EXPECT_EQ(status().serverless.state, policy::PoolState::starting);
  ASSERT_TRUE(await(*waiting, 1, 5s));
  expect_story(waiting->first(), "serverless", "queued-serverless");
  const ResponseText answer = waiting->first();
  EXPECT_THAT(answer.field("server-timing"), HasSubstr("queue;dur=3"));
  EXPECT_THAT(answer.field("warmgate-instance"), HasSubstr("i1;age="));
  free_always_on();
}

TEST_P(Cases, case_1_cold_within_the_slots_the_always_on_pool_answers) {
  start({}, {.idle_timeout = 1min});
  teach_always_on();
  warm_up();
  loop_.run_for(20min);
  EXPECT_EQ(serverless_->instances(), 0u);
  expect_story(answer_to(), "always-on", "cold");
}

TEST_P(Cases, case_1_a_slot_that_frees_takes_the_first_in_line) {
  start({.slo = "2s"});
  teach_always_on();
  fill_always_on();
  const auto waiting = ask();
  loop_.run_for(50ms);
  free_always_on();
  ASSERT_TRUE(await(*waiting, 1, 1s));
  expect_story(waiting->first(), "always-on", "queued-always-on");
}

TEST_P(Cases, case_2_high_demand_goes_to_the_warm_serverless_pool) {
  start();
  teach_always_on();
  keep_busy(8s);
  fillers_.push_back(ask());
  ASSERT_TRUE(await(*fillers_.back(), 1, 1s));
  expect_story(fillers_.back()->first(), "serverless", "warm");
}

TEST_P(Cases, case_2_prefer_always_on_keeps_serverless_for_the_overflow) {
  start({.more = "    prefer: always_on\n"});
  teach_always_on();
  keep_busy(8s);
  const size_t always_on = always_on_->calls.size(), serverless = serverless_->inferences();
  keep_busy(4s);
  EXPECT_GT(always_on_->calls.size() - always_on, serverless_->inferences() - serverless);
}

TEST_P(Cases, case_3_low_demand_returns_to_always_on_and_serverless_falls_asleep) {
  start();
  teach_always_on();
  keep_busy(8s);
  EXPECT_GE(serverless_->instances(), 1u);
  for (int i = 0; i < 60; ++i) {
    loop_.run_for(2s);
    EXPECT_EQ(answer_to().status, 200);
  }
  EXPECT_EQ(answer_to().field("warmgate-pool"), "always-on");
  const size_t asked = serverless_->requests();
  loop_.run_for(1h);
  EXPECT_EQ(serverless_->instances(), 0u) << "it was let sleep";
  EXPECT_EQ(serverless_->requests(), asked);
  EXPECT_EQ(status().serverless.state, policy::PoolState::cold);
}

TEST_P(Cases, case_4_heavy_requests_prefer_serverless) {
  start({.more = "    routes: [{path: /batch, heavy: true}]\n    heavy: {bytes: 10KiB}\n"});
  teach_always_on();
  warm_up();
  expect_story(answer_to(get("/batch/1")), "serverless", "heavy");
  expect_story(answer_to(post("/infer", pattern(20'000))), "serverless", "heavy");
  EXPECT_EQ(serverless_->backend.last().body, pattern(20'000));
  expect_story(answer_to(post("/infer", pattern(1'000))), "always-on", "low-demand");
}

TEST_P(Cases, case_4_heavy_and_cold_waits_where_always_on_is_not_allowed) {
  start({.more = "    heavy: {bytes: 10KiB, allow_always_on: false}\n"});
  teach_always_on();
  expect_story(answer_to(post("/infer", pattern(20'000)), 5s), "serverless", "queued-serverless");
  EXPECT_EQ(always_on_->calls.size(), 10u);
}

TEST_P(Cases, case_5_bypass_of_a_slow_answer_the_loser_is_cancelled) {
  start();
  teach_always_on();
  keep_busy(8s);
  loop_.run_for(100ms);
  serverless_->stuck = true;
  const auto client = ask();
  ASSERT_TRUE(await(*client, 1, 1s));
  expect_story(client->first(), "always-on", "bypass", "2");
  loop_.run_for(10ms);
  EXPECT_TRUE(serverless_->backend.last().gone);
  EXPECT_EQ(status().serverless.in_flight, 0u);
}

TEST_P(Cases, case_5_the_serverless_answer_wins_when_it_is_first) {
  start();
  teach_always_on();
  keep_busy(8s);
  loop_.run_for(100ms);
  serverless_->settings.service_time = 250ms;
  always_on_->on_call = [](Call&) {};
  const auto client = ask();
  ASSERT_TRUE(await(*client, 1, 1s));
  expect_story(client->first(), "serverless", "warm", "2");
  loop_.run_for(10ms);
  EXPECT_TRUE(always_on_->last().gone);
  EXPECT_EQ(status().always_on.in_flight, 0u);
}

TEST_P(Cases, case_5_repeated_failures_open_the_circuit_and_no_client_notices) {
  start();
  teach_always_on();
  keep_busy(8s);
  serverless_->backend.on_call = [](Call& call) { call.answer(500, "broken"); };
  size_t failed = 0, around = 0;
  for (int i = 0; i < 200; ++i) {
    const ResponseText answer = answer_to();
    failed += answer.status != 200;
    around += answer.field("warmgate-reason") == "circuit-open";
  }
  EXPECT_EQ(failed, 0u);
  EXPECT_GE(around, 100u);
}

TEST_P(Cases, case_6_always_on_down_everything_goes_to_serverless_cold_or_not) {
  start();
  teach_always_on();
  always_on_->kill();
  loop_.run_for(10s);
  expect_story(answer_to(get("/infer"), 10s), "serverless", "queued-serverless");
  expect_story(answer_to(), "serverless", "always-on-down");
  always_on_->restart();
  loop_.run_for(30s);
  EXPECT_EQ(answer_to().field("warmgate-pool"), "always-on");
}

TEST_P(Cases, case_6_both_down_is_503_at_once) {
  start();
  teach_always_on();
  always_on_->kill();
  serverless_->backend.kill();
  loop_.run_for(10s);
  EXPECT_EQ(answer_to(get("/infer"), 60s).status, 503);
  loop_.run_for(1s);
  const Instant asked = loop_.now();
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("warmgate-reason"), "all-down");
  EXPECT_NE(answer.field("retry-after"), "");
  EXPECT_LT(loop_.now() - asked, 10ms);
}

TEST_P(Cases, case_7_low_priority_that_cannot_make_it_is_shed_and_high_priority_waits) {
  start();
  always_on_->service_time = 400ms;
  teach_always_on();
  fill_always_on();
  const auto high = ask();
  loop_.run_for(20ms);
  const auto low = ask(get("/infer", "warmgate-priority: low\r\n"));
  ASSERT_TRUE(await(*low, 1, 100ms));
  const ResponseText shed = low->first();
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(shed.field("warmgate-reason"), "doomed");
  EXPECT_EQ(shed.field("content-type"), "application/problem+json");
  EXPECT_THAT(shed.body, HasSubstr("\"reason\":\"doomed\""));
  EXPECT_GE(std::stoi("0" + shed.field("retry-after")), 1);
  ASSERT_TRUE(await(*high, 1, 5s));
  EXPECT_EQ(high->first().field("warmgate-pool"), "serverless");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Cases, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Cases, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Cases, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
