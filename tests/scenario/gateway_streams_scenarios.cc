// Event streams: when one has begun, piece by piece, and heartbeats for clients that wait for one.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const FieldTexts kStream = {{"content-type", "text/event-stream"}};
const std::string kAccept = "accept: text/event-stream\r\n";
const std::string kBeat = ": warmgate waiting\n\n";
const std::string kRole =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const std::string kWord = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";

class Streams : public GatewayScenario {
 protected:
  // A serverless pool alone, which starts in `start_delay`.
  void start_cold(Duration start_delay, const std::string& streams, const std::string& more = "") {
    ServiceText text;
    text.always_on = "";
    text.more = "    streams: " + streams + "\n" + more;
    PlatformSettings platform;
    platform.start_delay = start_delay;
    start(text, platform);
    serverless_->backend.on_call = [this, start_delay](Call& call) {
      if (call.target == "/v2/health/ready") return call.answer_after(start_delay, 200, "ready");
      if (on_infer) on_infer(call);
    };
  }
  // Those that the client sees of a body, whether the response is complete or not.
  static size_t beats(const Client& client) {
    size_t count = 0;
    const std::string& text = client.received();
    for (size_t at = text.find(kBeat); at != std::string::npos; at = text.find(kBeat, at + 1)) {
      ++count;
    }
    return count;
  }
  static void stream(Call& call) {
    call.send_head(200, kStream, http::BodyLength::chunked());
    call.send(kWord);
    call.end();
  }

  std::function<void(Call&)> on_infer = stream;
};

// ---- when a stream has begun, and piece by piece ----

TEST_P(Streams, each_piece_passes_on_before_the_next_exists) {
  start();
  always_on_->on_call = [](Call& call) {
    call.send_head(200, kStream, http::BodyLength::chunked());
  };
  const auto client = ask();
  loop_.run_for(5ms);
  std::string sent;
  for (int i = 0; i < 20; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    sent += event;
    always_on_->last().send(event);
    loop_.run_for(5ms);
    ASSERT_EQ(client->responses().size(), 1u);
    EXPECT_EQ(client->responses()[0].body, sent) << "nothing else is on its way";
  }
  EXPECT_FALSE(client->peer().over());
}

TEST_P(Streams, announcements_are_withheld_and_then_passed_on_unchanged) {
  start();
  always_on_->on_call = [](Call& call) {
    call.send_head(200, kStream, http::BodyLength::chunked());
    call.send(": hello\n\n" + kRole + "data:\n\n");
  };
  const auto client = ask();
  loop_.run_for(100ms);
  EXPECT_EQ(client->peer().received(), "");
  always_on_->last().send(kWord);
  always_on_->last().end();
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->first().body, ": hello\n\n" + kRole + "data:\n\n" + kWord);
}

// A server that announces and then hangs has not answered: the request can still go elsewhere.
TEST_P(Streams, a_stream_that_breaks_behind_its_announcement_is_repeated) {
  ServiceText text;
  text.always_on = "{backends: [http://10.0.1.1:8080, http://10.0.1.2:8080], concurrency: 2}";
  start_backends();
  ScriptedBackend second(loop_, *net::Address::from_ip("10.0.1.2", 8080));
  const auto breaks = [](Call& call) {
    call.send_head(200, kStream, http::BodyLength::chunked());
    call.send(kRole);
    call.abort();
  };
  int calls = 0;
  const auto first_breaks = [&](Call& call) { return calls++ == 0 ? breaks(call) : stream(call); };
  always_on_->on_call = second.on_call = first_breaks;
  start(text);
  const ResponseText response = answer_to();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, kWord);
  EXPECT_EQ(response.field("warmgate-attempts"), "2");
}

// ---- heartbeats ----

TEST_P(Streams, a_client_that_waits_for_a_start_gets_a_head_and_comments) {
  start_cold(22s, "{heartbeat: 5s}");
  const auto client = ask(get("/chat", kAccept));
  loop_.run_for(4900ms);
  EXPECT_EQ(client->peer().received(), "");
  loop_.run_for(200ms);
  const ResponseText head = client->responses().at(0);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("content-type"), "text/event-stream");
  EXPECT_EQ(head.field("warmgate-reason"), "waiting");
  EXPECT_EQ(beats(*client), 1u);
  loop_.run_for(10s);
  EXPECT_EQ(beats(*client), 3u);
  ASSERT_TRUE(await(*client, 1, 20s));
  EXPECT_EQ(client->first().body, kBeat + kBeat + kBeat + kBeat + kWord);
  EXPECT_EQ(counters().streams_promised, 1u);
  EXPECT_EQ(counters().errors_in_band, 0u);
  EXPECT_EQ(counters().responses[1][2], 1u);
  loop_.run_for(1min);
  EXPECT_FALSE(client->peer().over()) << "the connection can be used again";
}

TEST_P(Streams, an_answer_that_comes_in_time_is_as_ever) {
  start_cold(3s, "{heartbeat: 5s}");
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(await(*client, 1, 4s));
  EXPECT_EQ(client->first().body, kWord);
  EXPECT_EQ(client->first().field("warmgate-pool"), "serverless");
  EXPECT_EQ(counters().streams_promised, 0u);
}

TEST_P(Streams, only_who_asked_for_a_stream_gets_one) {
  start_cold(22s, "{heartbeat: 5s}");
  const auto plain = ask(get("/chat"));
  const auto other = ask(post("/chat", R"({"stream":true})", "accept: */*\r\n"));
  const auto head = ask("HEAD /chat HTTP/1.1\r\nhost: h\r\n" + kAccept + "\r\n");
  loop_.run_for(20s);
  EXPECT_EQ(plain->peer().received() + other->peer().received() + head->peer().received(), "");
}

TEST_P(Streams, off_by_default) {
  start_cold(22s, "{asked_by: body}");
  const auto client = ask(get("/chat", kAccept));
  loop_.run_for(20s);
  EXPECT_EQ(client->peer().received(), "");
}

TEST_P(Streams, the_body_can_ask_where_the_configuration_looks_there) {
  start_cold(22s, "{heartbeat: 5s, asked_by: body}");
  const auto asks = ask(post("/chat", R"({"messages":[{"stream":false}],"stream":true})"));
  const auto does_not = ask(post("/chat", R"({"messages":[{"stream":true}]})"));
  loop_.run_for(21s);
  EXPECT_EQ(beats(*asks), 4u);
  EXPECT_EQ(does_not->peer().received(), "");
  ASSERT_TRUE(await(*asks, 1, 20s));
  EXPECT_THAT(asks->first().body, EndsWith(kWord));
}

TEST_P(Streams, a_body_that_is_not_whole_is_promised_nothing) {
  start_cold(22s, "{heartbeat: 5s}");
  const auto client =
      ask("POST /chat HTTP/1.1\r\nhost: h\r\n" + kAccept + "content-length: 10\r\n\r\nhalf");
  loop_.run_for(11s);
  EXPECT_EQ(client->peer().received(), "");
  client->send(" of it");
  loop_.run_for(5s);
  EXPECT_EQ(beats(*client), 1u);
}

// ---- errors behind the promise ----

TEST_P(Streams, a_wait_that_expires_is_an_event) {
  start_cold(10min, "{heartbeat: 5s}", "    queue: {cold_wait: 12s}\n");
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(await(*client, 1, 20s));
  const std::string body = client->first().body;
  EXPECT_EQ(client->first().status, 200);
  EXPECT_THAT(body, HasSubstr(kBeat + kBeat + "event: error\nretry: "));
  EXPECT_THAT(body, HasSubstr("\ndata: {\"type\":\"about:blank\""));
  EXPECT_THAT(body, HasSubstr("\"status\":503"));
  EXPECT_THAT(body, HasSubstr("\"reason\":\"cold-wait-expired\""));
  EXPECT_THAT(body, EndsWith("}\n\n"));
  EXPECT_EQ(counters().errors_in_band, 1u);
  EXPECT_EQ(counters().responses[2][5], 1u) << "counted as what it is";
  EXPECT_THAT(access_log_, HasSubstr("\"status\":503"));
}

TEST_P(Streams, a_backends_error_is_an_event) {
  start_cold(7s, "{heartbeat: 5s}", "    retry: {max_attempts: 1}\n");
  on_infer = [](Call& call) { call.answer(400, pattern(100'000)); };
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(await(*client, 1, 20s));
  const std::string body = client->first().body;
  EXPECT_THAT(body, HasSubstr("event: error\ndata: "));
  EXPECT_THAT(body, HasSubstr("\"status\":400"));
  EXPECT_THAT(body, HasSubstr("\"reason\":\"no-stream\""));
  EXPECT_LT(body.size(), 1000u) << "without the backend's own text";
  loop_.run_for(1s);
  EXPECT_EQ(in_flight(), 0u);
  EXPECT_EQ(counters().responses[1][4], 1u);
}

TEST_P(Streams, an_answer_that_is_no_stream_is_an_error) {
  start_cold(7s, "{heartbeat: 5s}");
  on_infer = [](Call& call) { call.answer(200, "{}", {{"content-type", "application/json"}}); };
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(await(*client, 1, 20s));
  EXPECT_THAT(client->first().body, HasSubstr("\"status\":502"));
}

TEST_P(Streams, the_total_limit_is_an_event) {
  start_cold(10min, "{heartbeat: 5s}", "    timeouts: {total: 8s}\n");
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(await(*client, 1, 20s));
  EXPECT_THAT(client->first().body, HasSubstr("\"reason\":\"total-timeout\""));
}

TEST_P(Streams, a_failed_attempt_is_still_repeated_behind_the_promise) {
  start_cold(7s, "{heartbeat: 5s}");
  int calls = 0;
  on_infer = [&calls](Call& call) { return calls++ == 0 ? call.abort() : stream(call); };
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(await(*client, 1, 30s));
  EXPECT_THAT(client->first().body, EndsWith(kBeat + kWord));
  EXPECT_EQ(calls, 2);
}

TEST_P(Streams, a_client_that_leaves_behind_the_promise_is_gone) {
  start_cold(22s, "{heartbeat: 5s}");
  const auto client = ask(get("/chat", kAccept));
  loop_.run_for(6s);
  client->peer().close();
  loop_.run_for(1s);
  EXPECT_EQ(counters().client_gone, 1u);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_P(Streams, a_stream_that_breaks_off_after_its_first_event_is_cut) {
  start_cold(7s, "{heartbeat: 5s}");
  on_infer = [](Call& call) {
    call.send_head(200, kStream, http::BodyLength::chunked());
    call.send(kWord);
  };
  const auto client = ask(get("/chat", kAccept));
  ASSERT_TRUE(loop_.run_until(
      [&] { return client->peer().received().find("Hi") != std::string::npos; }, 20s));
  serverless_->backend.last().abort();
  loop_.run_for(1s);
  EXPECT_TRUE(client->peer().broken());
  EXPECT_THAT(client->peer().received(), Not(HasSubstr("event: error")));
  EXPECT_EQ(counters().broken_off, 1u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Streams, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Streams, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Streams, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
