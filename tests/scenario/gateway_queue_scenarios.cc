// Waiting in the gateway, being refused, and leaving while one waits.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;

class Queue : public GatewayScenario {
 protected:
  static void expect_problem(const ResponseText& answer, int status, const std::string& reason) {
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("warmgate-reason"), reason);
    EXPECT_EQ(answer.field("content-type"), "application/problem+json");
    EXPECT_EQ(answer.field("warmgate-pool"), "");
    EXPECT_THAT(answer.body, HasSubstr("\"reason\":\"" + reason + "\""));
    EXPECT_THAT(answer.body, HasSubstr("\"status\":" + std::to_string(status)));
  }
};

// Without a serverless pool: nothing to wait for but a slot.
ServiceText always_on_only() {
  ServiceText text;
  text.serverless = "";
  return text;
}

TEST_P(Queue, waits_for_a_slot_and_keeps_the_order_of_deadlines) {
  start(always_on_only());
  fill_always_on();
  const auto later = ask(get("/later", "warmgate-timeout: 450ms\r\n"));
  loop_.run_for(1ms);
  const auto sooner = ask(get("/sooner", "warmgate-timeout: 300ms\r\n"));
  loop_.run_for(5ms);
  EXPECT_EQ(status().queued, 2u);
  always_on_->calls[0]->answer(200, "a");
  loop_.run_for(5ms);
  EXPECT_EQ(always_on_->last().target, "/sooner");
  always_on_->calls[1]->answer(200, "b");
  loop_.run_for(5ms);
  EXPECT_EQ(always_on_->last().target, "/later");
  free_always_on();
  EXPECT_EQ(later->first().field("warmgate-reason"), "queued-always-on");
}

// Two clients are told apart by a field of theirs; and the recording that TearDown() replays has
// it.
TEST_P(Queue, with_fair_shares_the_values_of_a_header_take_turns) {
  ServiceText text = always_on_only();
  text.more = "    queue: {max_requests: 3, fair_by: header, fair_header: X-Api-Key}\n";
  start(text);
  fill_always_on();
  const auto crowd = "x-api-key: crowd\r\n", other = "x-api-key: other\r\n";
  const auto first = ask(get("/first", crowd));
  loop_.run_for(5ms);
  const auto second = ask(get("/second", crowd)), third = ask(get("/third", crowd));
  loop_.run_for(5ms);
  const auto light = ask(get("/light", other));
  loop_.run_for(5ms);
  EXPECT_EQ(status().queued, 3u);
  const bool second_yielded = second->complete() == 1;
  expect_problem((second_yielded ? second : third)->first(), 429, "over-share");
  always_on_->calls[0]->answer(200, "a");
  loop_.run_for(5ms);
  EXPECT_EQ(always_on_->last().target, "/first");
  always_on_->calls[1]->answer(200, "b");
  loop_.run_for(5ms);
  EXPECT_EQ(always_on_->last().target, "/light");
  free_always_on();
}

TEST_P(Queue, a_full_queue_refuses_at_once) {
  ServiceText text = always_on_only();
  text.more = "    queue: {max_requests: 2}\n";
  start(text);
  fill_always_on();
  const auto first = ask(), second = ask();
  loop_.run_for(5ms);
  const Instant asked = loop_.now();
  const ResponseText refused = answer_to();
  EXPECT_LT(loop_.now() - asked, 5ms);
  expect_problem(refused, 429, "queue-full");
  EXPECT_NE(refused.field("retry-after"), "");
  free_always_on();
  ASSERT_TRUE(await(*second, 1, 1s));
  EXPECT_EQ(second->first().status, 200);
}

TEST_P(Queue, a_queue_full_of_bytes_refuses_too) {
  ServiceText text = always_on_only();
  text.more = "    queue: {max_bytes: 30KiB}\n";
  start(text);
  fill_always_on();
  const auto first = ask(post("/a", pattern(20'000)));
  loop_.run_for(5ms);
  expect_problem(answer_to(post("/b", pattern(20'000))), 429, "queue-full");
  free_always_on();
  ASSERT_TRUE(await(*first, 1, 1s));
}

TEST_P(Queue, the_wait_for_a_busy_pool_ends_in_429) {
  start(always_on_only());
  fill_always_on();
  const Instant asked = loop_.now();
  const ResponseText answer = answer_to();
  expect_problem(answer, 429, "busy-wait-expired");
  EXPECT_NE(answer.field("retry-after"), "");
  EXPECT_NEAR(to_millis(loop_.now() - asked), 500, 10);
  EXPECT_THAT(answer.body, HasSubstr("\"waited_ms\":"));
}

TEST_P(Queue, the_wait_for_a_start_ends_in_503) {
  start({.more = "    queue: {cold_wait: 2s}\n"}, {.start_delay = 100s});
  fill_always_on();
  const Instant asked = loop_.now();
  const ResponseText answer = answer_to();
  expect_problem(answer, 503, "cold-wait-expired");
  EXPECT_NE(answer.field("retry-after"), "");
  EXPECT_NEAR(to_millis(loop_.now() - asked), 2000, 10);
}

TEST_P(Queue, a_timeout_of_the_client_bounds_its_wait) {
  start({}, {.start_delay = 100s});
  fill_always_on();
  const Instant asked = loop_.now();
  const ResponseText answer = answer_to(get("/infer", "warmgate-timeout: 300ms\r\n"));
  EXPECT_GE(answer.status, 429);
  EXPECT_LE(to_millis(loop_.now() - asked), 310);
  for (const std::string bad : {"300", "abc", "-1s", "0s", ""}) {
    expect_problem(answer_to(get("/infer", "warmgate-timeout: " + bad + "\r\n")), 400,
                   "bad-timeout");
  }
}

TEST_P(Queue, whose_client_left_goes_at_once_and_takes_no_slot) {
  start(always_on_only());
  fill_always_on();
  const auto leaver = ask(get("/leaver")), stayer = ask(get("/stayer"));
  loop_.run_for(5ms);
  leaver->peer().close();
  loop_.run_for(5ms);
  EXPECT_EQ(status().queued, 1u);
  EXPECT_EQ(counters().client_gone, 1u);
  free_always_on();
  ASSERT_TRUE(await(*stayer, 1, 1s));
  for (const auto& call : always_on_->calls) EXPECT_NE(call->target, "/leaver");
}

// Nobody reads this body now, yet the gateway must see that its client left.
TEST_P(Queue, a_client_that_leaves_behind_a_body_that_waits_goes_at_once) {
  ServiceText text = always_on_only();
  text.more = "    limits: {replay_buffer: 1KiB}\n    gather_body: false\n";
  start(text);
  fill_always_on();
  const auto closes = ask(post("/large", pattern(300'000)));
  const auto resets = ask(post("/large", pattern(300'000)));
  const auto polite =
      ask("POST /polite HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\n"
          "content-length: 5\r\n\r\n");
  loop_.run_for(10ms);
  EXPECT_EQ(status().queued, 3u);
  closes->peer().close();
  resets->peer().reset();
  polite->peer().end_writing();
  loop_.run_for(10ms);
  EXPECT_EQ(status().queued, 0u);
  EXPECT_EQ(in_flight(), 2u) << "the fillers";
  EXPECT_EQ(counters().client_gone, 3u);
  free_always_on();
}

TEST_P(Queue, a_client_that_left_wakes_nothing) {
  start({.more = "    wake: {enabled: true}\n"});
  teach_always_on();
  fill_always_on();
  auto leaver = std::make_unique<Client>(loop_);
  leaver->send(get("/infer"));
  leaver->peer().close();
  loop_.run_for(1s);
  EXPECT_LE(serverless_->requests(), 1u);
  free_always_on();
  EXPECT_EQ(serverless_->inferences(), 0u);
}

TEST_P(Queue, ready_instances_get_all_who_wait_within_milliseconds) {
  start({.slo = "5s"});
  teach_always_on();
  fill_always_on();
  std::vector<std::unique_ptr<Client>> waiting;
  waiting.reserve(4);
  for (int i = 0; i < 4; ++i) waiting.push_back(ask());
  ASSERT_TRUE(loop_.run_until([&] { return serverless_->inferences() == 4; }, 10s));
  const auto& calls = serverless_->backend.calls;
  EXPECT_LE(calls.back()->arrived_at - calls.front()->arrived_at, 3s + 20ms);
  for (const auto& client : waiting) {
    ASSERT_TRUE(await(*client, 1, 1s));
    EXPECT_EQ(client->first().field("warmgate-reason"), "queued-serverless");
  }
  free_always_on();
}

TEST_P(Queue, a_body_too_large_is_413_declared_or_not) {
  start({.more = "    limits: {max_body: 10KiB}\n"});
  expect_problem(answer_to(post("/infer", pattern(11'000))), 413, "body-too-large");
  EXPECT_EQ(always_on_->calls.size(), 0u);
  expect_problem(answer_to("POST /infer HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" +
                           chunked(pattern(11'000), 500)),
                 413, "body-too-large");
  EXPECT_EQ(answer_to(post("/infer", pattern(10'240))).status, 200);
  loop_.run_for(10ms);
  EXPECT_EQ(in_flight(), 0u);
  EXPECT_EQ(always_on_->open_calls(), 0u);
}

TEST_P(Queue, an_unknown_route_is_404) {
  start({.more = "    match: {paths: [/v2]}\n"});
  expect_problem(answer_to(get("/other")), 404, "no-route");
  EXPECT_EQ(answer_to(get("/v2/x")).status, 200);
  uint64_t unrouted = 0;
  gateway_->visit_workers([&](gateway::Worker& worker) { unrouted += worker.unrouted(); });
  EXPECT_EQ(unrouted, 1u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Queue, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Queue, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Queue, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
