// Bodies in both directions: large ones, slow ones, streams of events, permission to send.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

constexpr size_t kLarge = 3'000'000;

class Bodies : public GatewayScenario {
 protected:
  // What may be held between a sender and a receiver that does not read: network, buffers, replay,
  // and one stream's window.
  static size_t held_at_most() { return by_h2() ? 900'000 : 600'000; }
  // Sends `text` as far as there is room, again and again.
  static void pump(Call& call, const std::shared_ptr<std::string>& rest) {
    while (!rest->empty()) {
      const std::string piece = rest->substr(0, 10'000);
      rest->erase(0, piece.size());
      if (!call.send(piece)) return;
    }
    call.end();
  }
  // The always-on backend answers with a large body as its connection takes it.
  std::shared_ptr<std::string> serve_large(http::BodyLength length) {
    auto rest = std::make_shared<std::string>(pattern(kLarge));
    always_on_->on_call = [rest, length](Call& call) {
      call.on_room = [rest, &call] { pump(call, rest); };
      call.send_head(200, {}, length);
      pump(call, rest);
    };
    return rest;
  }
  void stream_events() {
    always_on_->on_call = [](Call& call) {
      call.send_head(200, {{"content-type", "text/event-stream"}}, http::BodyLength::chunked());
    };
  }
  void say(const std::string& text) {
    always_on_->last().send(text);
    loop_.run_for(5ms);
  }
};

TEST_P(Bodies, large_uploads_arrive_whole_with_either_framing) {
  start({.slo = "30s", .more = "    heavy: {bytes: 1GiB}\n"});
  EXPECT_EQ(answer_to(post("/infer", pattern(kLarge))).status, 200);
  EXPECT_EQ(always_on_->last().body, pattern(kLarge));
  EXPECT_EQ(answer_to("POST /infer HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" +
                      chunked(pattern(kLarge), 70'000, "checksum: 7\r\n"))
                .status,
            200);
  EXPECT_EQ(always_on_->last().body, pattern(kLarge));
  EXPECT_EQ(always_on_->last().trailers, (FieldTexts{{"checksum", "7"}}));
  EXPECT_EQ(counters().replay_lost, 2u);
}

// A bypass that one worker's step begins while another worker gives up the body that it would
// repeat: it gets that from its beginning, or not at all.
TEST_P(Bodies, a_bypass_never_gets_the_rest_of_a_body) {
  constexpr size_t kKept = 4096, kSize = 100'000;
  start({.more = "    limits: {replay_buffer: 4KiB}\n    heavy: {bytes: 1GiB}\n"
                 "    gather_body: false\n"});
  const std::string all = post("/upload", pattern(kSize));
  const size_t head = all.size() - kSize;
  teach_always_on();
  Duration bypass_after{};
  for (int round = 0; round < 40; ++round) {
    serverless_->stuck = false;
    keep_busy(round == 0 ? 8s : 1s);
    loop_.run_for(100ms);
    serverless_->stuck = true;
    const auto earlier = ask(all.substr(0, head + 100));  // it has the timer's worker
    loop_.run_for(1ms);
    const Instant asked = loop_.now();
    const auto client = ask(all.substr(0, head + kKept));
    const size_t calls = always_on_->calls.size();
    const auto both_bypassed = [&] { return always_on_->calls.size() == calls + 2; };
    if (round == 0) {
      ASSERT_TRUE(loop_.run_until(both_bypassed, 1s));
      bypass_after = loop_.now() - asked;
    } else {
      // What overflows the buffer arrives just before, at, or just after the bypass begins.
      loop_.run_until(asked + bypass_after - 800us + round * 20us);
      client->send(all.substr(head + kKept, 5000));
      loop_.run_for(50ms);
    }
    for (size_t i = calls; i < always_on_->calls.size(); ++i) {
      const std::string& body = always_on_->calls[i]->body;
      EXPECT_EQ(body, all.substr(head, body.size())) << "round " << round;
    }
  }
}

TEST_P(Bodies, an_upload_is_taken_no_faster_than_the_backend_reads_it) {
  start({.slo = "30s", .more = "    limits: {replay_buffer: 64KiB}\n    heavy: {bytes: 1GiB}\n"});
  always_on_->reads_bodies = false;
  const auto client = ask(post("/infer", pattern(kLarge)));
  loop_.run_for(5s);
  EXPECT_GE(client->peer().unsent(), kLarge - held_at_most());
  always_on_->last().read_body();
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(always_on_->last().body, pattern(kLarge));
}

TEST_P(Bodies, an_upload_that_waits_in_the_queue_is_held_up_to_the_replay_buffer) {
  ServiceText text;
  text.slo = "30s";
  text.serverless = "";
  text.more = "    limits: {replay_buffer: 64KiB}\n";
  start(text);
  fill_always_on();
  const auto client = ask(post("/infer", pattern(kLarge)));
  loop_.run_for(5s);
  EXPECT_GE(client->peer().unsent(), kLarge - held_at_most());
  free_always_on();
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(always_on_->last().body, pattern(kLarge));
}

TEST_P(Bodies, a_download_is_taken_no_faster_than_the_client_reads_it) {
  start({.slo = "30s"});
  for (const auto length : {http::BodyLength::of(kLarge), http::BodyLength::chunked()}) {
    const auto rest = serve_large(length);
    Client client(loop_);
    client.peer().pause_reading();
    client.send(get("/infer"));
    loop_.run_for(5s);
    EXPECT_GE(rest->size(), kLarge - held_at_most());
    client.peer().resume_reading();
    ASSERT_TRUE(await(client));
    EXPECT_EQ(client.first().body, pattern(kLarge));
  }
}

TEST_P(Bodies, a_client_that_never_reads_is_given_up_and_its_attempt_cancelled) {
  start({.slo = "30s", .global = "timeouts: {idle: 5s}\n"});
  serve_large(http::BodyLength::chunked());
  Client client(loop_);
  client.peer().pause_reading();
  client.send(get("/infer"));
  loop_.run_for(10s);
  EXPECT_EQ(in_flight(), 0u);
  EXPECT_TRUE(always_on_->last().gone);
  EXPECT_EQ(counters().client_gone, 1u);
}

TEST_P(Bodies, trailers_come_through) {
  if (by_h2()) GTEST_SKIP() << "the backend's bytes are HTTP/1";
  start();
  always_on_->kill();
  RawServer backend(loop_, kAlwaysOn, [](RawPeer& peer) {
    if (!peer.received().ends_with("\r\n\r\n")) return;
    peer.clear_received();
    peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
              chunked("hello", 2, "checksum: 7\r\n"));
  });
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.body, "hello");
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].second, "7");
}

TEST_P(Bodies, an_answer_ahead_of_the_request_body_reaches_the_client) {
  start({.more = "    gather_body: false\n"});
  always_on_->on_head = [](Call& call) { call.answer(401, "who are you?"); };
  const auto client = ask("POST /infer HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\nhalf");
  ASSERT_TRUE(await(*client, 1, 1s));
  EXPECT_EQ(client->first().status, 401);
  EXPECT_EQ(client->first().body, "who are you?");
  loop_.run_for(5s);
  EXPECT_EQ(in_flight(), 0u);
}

// ---- Expect: 100-continue ----

TEST_P(Bodies, where_bodies_are_not_gathered_permission_comes_when_an_attempt_begins) {
  start({.slo = "30s", .more = "    gather_body: false\n"});
  const std::string head =
      "POST /infer HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
  fill_always_on();
  const auto client = ask(head);
  loop_.run_for(100ms);
  EXPECT_EQ(client->peer().received(), "");
  free_always_on();
  EXPECT_EQ(client->statuses(), "100");
  client->send("hello");
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->statuses(), "100 200");
  EXPECT_EQ(always_on_->last().body, "hello");
  EXPECT_EQ(always_on_->last().field("expect"), "");
}

TEST_P(Bodies, a_refused_request_needs_no_body) {
  ServiceText text;
  text.serverless = "";
  text.more = "    limits: {max_body: 10KiB}\n    queue: {max_requests: 1}\n";
  start(text);
  const std::string head = "POST /infer HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\n";
  EXPECT_EQ(ask(head + "content-length: 20000\r\n\r\n")->statuses(), "");
  const auto large = ask(head + "content-length: 20000\r\n\r\n");
  ASSERT_TRUE(await(*large));
  EXPECT_EQ(large->statuses(), "413");
  fill_always_on();
  const auto waits = ask();
  loop_.run_for(5ms);
  const auto late = ask(head + "content-length: 5\r\n\r\n");
  ASSERT_TRUE(await(*late));
  EXPECT_EQ(late->statuses(), "429");
}

// ---- streams of events ----

TEST_P(Bodies, an_event_stream_begins_with_its_first_real_event) {
  start({.slo = "30s", .more = "    slo_until: first_byte\n"});
  stream_events();
  const auto client = ask();
  loop_.run_for(20ms);
  say(": keep-alive\n\n");
  say("event: ping\n\n");
  EXPECT_EQ(client->peer().received(), "") << "nothing real yet";
  say("data: one\n");
  say("\n");
  EXPECT_EQ(client->statuses(), "200!");
  const auto so_far = [&] { return client->responses().at(0).body; };
  EXPECT_TRUE(so_far().ends_with("data: one\n\n")) << so_far();
  say("data: two\n\n");
  EXPECT_TRUE(so_far().ends_with("data: two\n\n")) << "each as it comes";
  always_on_->last().end();
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->first().field("content-type"), "text/event-stream");
  EXPECT_EQ(client->first().body, ": keep-alive\n\nevent: ping\n\ndata: one\n\ndata: two\n\n");
}

TEST_P(Bodies, an_event_stream_that_breaks_before_its_first_event_is_tried_again) {
  start({.slo = "30s"});
  int calls = 0;
  always_on_->on_call = [&](Call& call) {
    call.send_head(200, {{"content-type", "text/event-stream"}}, http::BodyLength::chunked());
    call.send(calls++ == 0 ? ": still loading\n\n" : "data: real\n\n");
    loop_.at(loop_.now() + 5ms, [&call, calls] { calls == 1 ? call.abort() : call.end(); });
  };
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.body, "data: real\n\n");
  EXPECT_EQ(answer.field("warmgate-attempts"), "2");
}

TEST_P(Bodies, an_event_stream_without_any_event_is_passed_on_at_its_end) {
  start({.slo = "30s"});
  always_on_->on_call = [](Call& call) {
    call.send_head(200, {{"content-type", "text/event-stream"}}, http::BodyLength::chunked());
    call.send(": nothing to say\n\n");
    call.end();
  };
  EXPECT_EQ(answer_to().body, ": nothing to say\n\n");
}

TEST_P(Bodies, a_long_preamble_of_an_event_stream_is_not_withheld_for_ever) {
  start({.slo = "30s"});
  stream_events();
  const auto client = ask();
  loop_.run_for(20ms);
  for (int i = 0; i < 9; ++i) say(":" + std::string(10'000, 'x') + "\n");
  EXPECT_EQ(client->statuses(), "200!");
  always_on_->last().end();
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->first().body.size(), 9u * 10'002);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Bodies, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Bodies, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Bodies, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
