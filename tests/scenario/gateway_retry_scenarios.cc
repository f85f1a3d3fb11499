// Backends that refuse, reset, break or stay silent, and what the client notices of it.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;

const net::Address kSecond = *net::Address::from_ip("10.0.1.2", 8080);

// Two always-on backends, no serverless pool, no probes: what requests meet is all there is.
class Retry : public GatewayScenario {
 protected:
  void start_two(const std::string& more = "") {
    second_ = std::make_unique<ScriptedBackend>(loop_, kSecond);
    ServiceText text;
    text.slo = "2s";
    text.always_on = "{backends: [http://10.0.1.1:8080, http://10.0.1.2:8080], concurrency: 2}";
    text.serverless = "";
    text.more = "    health: {enabled: false}\n" + more;
    start(text);
  }
  // Until the end, whatever it is.
  void run_until_over(Client& client) {
    ASSERT_TRUE(
        loop_.run_until([&] { return client.complete() > 0 || client.peer().over(); }, 10min));
  }
  // Both backends do that to the first `times` requests.
  void fail_first(int times, std::function<void(Call&)> how) {
    const auto left = std::make_shared<int>(times);
    for (ScriptedBackend* backend : {always_on_.get(), second_.get()}) {
      backend->on_call = [how, left](Call& call) {
        if ((*left)-- > 0) return how(call);
        call.answer(200, "pong");
      };
    }
  }
  size_t calls() const { return always_on_->calls.size() + second_->calls.size(); }

  std::unique_ptr<ScriptedBackend> second_;
};

TEST_P(Retry, a_refused_connection_is_always_safe_to_repeat) {
  start_two("    repeatable: false\n");
  always_on_->kill();
  for (int i = 0; i < 4; ++i) {
    const ResponseText answer = answer_to(post("/infer", pattern(5000)));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(second_->last().body, pattern(5000));
  }
}

TEST_P(Retry, after_a_reset_a_repeatable_request_is_sent_again_as_a_whole) {
  start_two();
  fail_first(1, [](Call& call) { call.abort(); });
  const ResponseText answer = answer_to(post("/infer", pattern(50'000)));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("warmgate-attempts"), "2");
  EXPECT_EQ(answer.field("warmgate-reason"), "retry");
  EXPECT_EQ(calls(), 2u);
  EXPECT_EQ(always_on_->last().body, pattern(50'000));
  EXPECT_EQ(second_->last().body, pattern(50'000));
}

TEST_P(Retry, a_500_is_tried_elsewhere_and_passed_on_when_all_say_so) {
  start_two();
  fail_first(1, [](Call& call) { call.answer(500, "oops"); });
  EXPECT_EQ(answer_to().status, 200);
  fail_first(100, [](Call& call) { call.answer(500, "oops"); });
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "oops");
  EXPECT_EQ(answer.field("warmgate-pool"), "always-on");
}

TEST_P(Retry, a_404_is_the_callers_fault_and_passed_on) {
  start_two();
  fail_first(1, [](Call& call) { call.answer(404, "no such model"); });
  EXPECT_EQ(answer_to().body, "no such model");
  EXPECT_EQ(calls(), 1u);
}

TEST_P(Retry, what_is_not_repeatable_is_sent_once) {
  start_two("    repeatable: false\n");
  fail_first(1, [](Call& call) { call.abort(); });
  const ResponseText answer = answer_to(post("/infer", "x"));
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.field("warmgate-reason"), "upstream-failed");
  EXPECT_EQ(answer.field("warmgate-attempts"), "1");
  EXPECT_EQ(answer.field("retry-after"), "");
  EXPECT_EQ(calls(), 1u);
}

TEST_P(Retry, a_body_larger_than_the_replay_buffer_is_sent_once) {
  start_two("    limits: {replay_buffer: 10KiB}\n");
  fail_first(1, [](Call& call) { call.abort(); });
  EXPECT_EQ(answer_to(post("/infer", pattern(200'000))).status, 502);
  EXPECT_EQ(calls(), 1u);
  EXPECT_EQ(counters().replay_lost, 1u);
  fail_first(1, [](Call& call) { call.abort(); });
  EXPECT_EQ(answer_to(post("/infer", pattern(5'000))).status, 200);
}

TEST_P(Retry, garbage_instead_of_a_response_is_502) {
  start_two("    retry: {max_attempts: 1}\n");
  always_on_->kill();
  second_->kill();
  RawServer garbage(loop_, kAlwaysOn,
                    [](RawPeer& peer) { peer.send("SSH-2.0-OpenSSH_9\r\n\r\n"); });
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.field("warmgate-reason"), "upstream-failed");
}

TEST_P(Retry, a_response_that_breaks_midway_looks_broken_to_the_client) {
  start_two();
  for (const bool chunked_one : {true, false}) {
    fail_first(1, [&](Call& call) {
      call.send_head(200, {},
                     chunked_one ? http::BodyLength::chunked() : http::BodyLength::of(1000));
      call.send("half of it");
      loop_.at(loop_.now() + 5ms, [&call] { call.abort(); });
    });
    const auto client = ask();
    ASSERT_TRUE(loop_.run_until([&] { return client->peer().over(); }, 10s));
    EXPECT_EQ(client->complete(), 0u) << client->peer().received();
    EXPECT_EQ(calls(), chunked_one ? 1u : 2u) << "nothing is repeated after the first byte";
  }
  EXPECT_EQ(counters().broken_off, 2u);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_P(Retry, a_body_without_length_that_is_reset_looks_broken_too) {
  if (by_h2()) GTEST_SKIP() << "the backend's bytes are HTTP/1";
  start_two();
  always_on_->kill();
  second_->kill();
  RawServer legacy(loop_, kAlwaysOn, [this](RawPeer& peer) {
    if (!peer.received().ends_with("\r\n\r\n")) return;
    peer.clear_received();
    peer.send("HTTP/1.0 200 OK\r\n\r\nhalf");
    loop_.at(loop_.now() + 5ms, [&peer] { peer.reset(); });
  });
  const auto client = ask();
  ASSERT_TRUE(loop_.run_until([&] { return client->peer().over(); }, 10s));
  EXPECT_EQ(client->complete(), 0u) << client->peer().received();
}

TEST_P(Retry, a_body_that_ends_with_the_connection_is_complete) {
  if (by_h2()) GTEST_SKIP() << "the backend's bytes are HTTP/1";
  start_two();
  always_on_->kill();
  second_->kill();
  RawServer legacy(loop_, kAlwaysOn, [](RawPeer& peer) {
    if (!peer.received().ends_with("\r\n\r\n")) return;
    peer.clear_received();
    peer.send("HTTP/1.0 200 OK\r\n\r\nall of it");
    peer.end_writing();
  });
  EXPECT_EQ(answer_to().body, "all of it");
}

TEST_P(Retry, no_response_head_in_time_is_504_after_the_last_attempt) {
  start_two("    timeouts: {first_byte: 300ms}\n    retry: {max_attempts: 2}\n");
  fail_first(100, [](Call&) {});
  const Instant asked = loop_.now();
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.field("warmgate-reason"), "upstream-timeout");
  EXPECT_EQ(answer.field("warmgate-attempts"), "2");
  EXPECT_NEAR(to_millis(loop_.now() - asked), 600, 20);
  loop_.run_for(5ms);
  EXPECT_TRUE(always_on_->last().gone);
}

TEST_P(Retry, silence_within_a_response_breaks_it_off) {
  start_two("    timeouts: {idle: 1s}\n");
  fail_first(1, [](Call& call) {
    call.send_head(200, {}, http::BodyLength::chunked());
    call.send("first");
  });
  const auto client = ask();
  const Instant asked = loop_.now();
  ASSERT_TRUE(loop_.run_until([&] { return client->peer().over(); }, 10s));
  EXPECT_NEAR(to_millis(loop_.now() - asked), 1000, 20);
  EXPECT_EQ(client->complete(), 0u);
}

TEST_P(Retry, the_total_limit_ends_all_before_and_after_the_head) {
  start_two("    timeouts: {total: 1s}\n");
  fail_first(1, [](Call&) {});
  EXPECT_EQ(answer_to().field("warmgate-reason"), "total-timeout");
  fail_first(1, [this](Call& call) {
    call.send_head(200, {}, http::BodyLength::chunked());
    for (int i = 1; i < 20; ++i) loop_.at(loop_.now() + i * 100ms, [&call] { call.send("more"); });
  });
  const auto client = ask();
  run_until_over(*client);
  EXPECT_EQ(client->complete(), 0u);
  EXPECT_EQ(counters().total_timeouts, 2u);
  loop_.run_for(2s);
  EXPECT_EQ(always_on_->open_calls() + second_->open_calls(), 0u);
}

TEST_P(Retry, a_connection_into_nothing_ends_by_the_connect_limit) {
  start_two("    timeouts: {connect: 200ms}\n");
  loop_.set_weather(kAlwaysOn, {.black_hole = true});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer_to().status, 200);
  EXPECT_EQ(always_on_->calls.size(), 0u);
}

TEST_P(Retry, a_client_that_leaves_cancels_its_attempt_at_each_stage) {
  start_two("    gather_body: false\n");
  fail_first(100, [](Call& call) {
    if (call.target != "/midway") return;
    call.send_head(200, {}, http::BodyLength::chunked());
    call.send("first");
  });
  const std::string unfinished =
      "POST /body HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhalf";
  for (const std::string& request : {get("/waiting"), get("/midway"), unfinished}) {
    const auto client = ask(request);
    loop_.run_for(10ms);
    EXPECT_EQ(always_on_->open_calls() + second_->open_calls(), 1u) << request;
    client->peer().close();
    loop_.run_for(10ms);
    EXPECT_EQ(always_on_->open_calls() + second_->open_calls(), 0u) << request;
    EXPECT_EQ(status().always_on.in_flight, 0u);
    EXPECT_EQ(in_flight(), 0u);
  }
  EXPECT_EQ(counters().client_gone, 3u);
  EXPECT_EQ(status().retries, 0u);
}

TEST_P(Retry, a_kept_connection_that_the_backend_closed_costs_no_request) {
  start_two("    repeatable: false\n    timeouts: {keep_alive: 10m}\n");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(answer_to().status, 200);
    loop_.run_for(90s);  // beyond the backend's own limit on idle connections
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Retry, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Retry, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Retry, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
