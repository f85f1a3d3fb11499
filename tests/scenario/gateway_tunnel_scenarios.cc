// Upgrades: a tunnel of bytes through the gateway, from the request that asks for it to its end.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kAsks = "connection: keep-alive, Upgrade\r\nupgrade: websocket\r\n";

ServiceText always_on_alone() {
  ServiceText text;
  text.serverless = "";
  return text;
}

class Tunnel : public GatewayScenario {
 protected:
  // A client whose upgrade the always-on backend has granted.
  std::unique_ptr<Client> open(const std::string& request = get("/chat", kAsks)) {
    always_on_->on_call = [](Call& call) { call.switch_protocols("websocket"); };
    auto client = ask(request);
    EXPECT_TRUE(
        loop_.run_until([&] { return client->peer().received().ends_with("\r\n\r\n"); }, 1s));
    EXPECT_THAT(client->peer().received(), StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    always_on_->on_call = nullptr;
    return client;
  }
  // What came through the tunnel behind the head of the 101.
  static std::string through(Client& client) {
    const std::string& all = client.peer().received();
    const size_t end = all.find("\r\n\r\n");
    return end == std::string::npos ? "" : all.substr(end + 4);
  }
  Call& call() { return always_on_->last(); }
  void run() { loop_.run_for(50ms); }
  uint64_t attempts(policy::Outcome outcome) {
    return counters().attempts[0][static_cast<size_t>(outcome)];
  }
};

// ---- bytes ----

TEST_P(Tunnel, bytes_pass_both_ways_unchanged) {
  start(always_on_alone());
  const auto client = open();
  const std::string up = pattern(700'000), down = pattern(900'001);
  client->peer().send(up);
  // As much as there is room for, and the rest when there is room again.
  size_t sent = 0;
  const auto send_more = [&] {
    while (sent < down.size()) {
      const std::string piece = down.substr(sent, 10'000);
      sent += piece.size();
      if (!call().send(piece)) return;
    }
  };
  call().on_room = send_more;
  send_more();
  ASSERT_TRUE(loop_.run_until(
      [&] { return call().body.size() == up.size() && through(*client).size() == down.size(); }));
  EXPECT_EQ(call().body, up);
  EXPECT_EQ(through(*client), down);
}

TEST_P(Tunnel, both_sides_are_told_of_the_upgrade_and_of_nothing_hop_by_hop) {
  start(always_on_alone());
  always_on_->on_call = [](Call& call) {
    call.switch_protocols("websocket", {{"sec-websocket-accept", "abc"}});
  };
  const auto client = ask(get("/chat?x",
                              "sec-websocket-key: k\r\nhttp2-settings: AAA\r\n"
                              "connection: upgrade, http2-settings\r\n"
                              "upgrade: h2c, websocket\r\n"));
  run();
  EXPECT_EQ(call().target, "/chat?x");
  EXPECT_EQ(call().field("connection"), "upgrade");
  EXPECT_EQ(call().field("upgrade"), "websocket");
  EXPECT_EQ(call().field("sec-websocket-key"), "k");
  EXPECT_EQ(call().field("http2-settings"), "");
  const std::string& head = client->peer().received();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nsec-websocket-accept: abc\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nwarmgate-pool: always-on\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(head, Not(HasSubstr("Transfer-Encoding")));
}

TEST_P(Tunnel, what_the_client_sends_ahead_comes_after_the_101_only) {
  start(always_on_alone());
  always_on_->on_call = [](Call&) {};
  const auto client = ask(get("/chat", kAsks) + "early");
  run();
  client->peer().send(" bird");
  run();
  EXPECT_EQ(call().body, "");
  call().switch_protocols("websocket");
  run();
  EXPECT_EQ(call().body, "early bird");
}

// ---- pressure ----

TEST_P(Tunnel, a_client_that_does_not_read_stops_the_backend) {
  start(always_on_alone());
  const auto client = open();
  client->peer().pause_reading();
  const std::string down = pattern(8'000'000);
  size_t sent = 0;
  const auto send_more = [&] {
    while (sent < down.size()) {
      sent += 10'000;
      if (!call().send(std::string_view(down).substr(sent - 10'000, 10'000))) return;
    }
  };
  call().on_room = send_more;
  send_more();
  loop_.run_for(40s);  // longer than a client may stop within an ordinary response
  EXPECT_LT(sent, 1'500'000u);
  client->peer().resume_reading();
  ASSERT_TRUE(loop_.run_until([&] { return through(*client).size() == down.size(); }));
  EXPECT_EQ(through(*client), down);
}

TEST_P(Tunnel, a_backend_that_does_not_read_stops_the_client) {
  start(always_on_alone());
  always_on_->reads_bodies = false;
  const auto client = open();
  const std::string up = pattern(4'000'000);
  client->peer().send(up);
  loop_.run_for(40s);
  EXPECT_GT(client->peer().unsent(), 2'000'000u);
  call().read_body();
  ASSERT_TRUE(loop_.run_until([&] { return call().body.size() == up.size(); }));
  EXPECT_EQ(call().body, up);
}

// ---- ends ----

TEST_P(Tunnel, each_direction_ends_for_itself_the_clients_first) {
  start(always_on_alone());
  const auto client = open();
  client->send("last words");
  client->peer().end_writing();
  run();
  EXPECT_EQ(call().body, "last words");
  EXPECT_TRUE(call().input_ended);
  EXPECT_FALSE(client->peer().over());
  const std::string answer = pattern(300'000);
  call().send(answer);
  call().end_output();
  ASSERT_TRUE(loop_.run_until([&] { return client->peer().over(); }, 1s));
  EXPECT_TRUE(client->peer().ended());
  EXPECT_EQ(through(*client), answer);
  EXPECT_EQ(attempts(policy::Outcome::ok), 1u);
  EXPECT_EQ(in_flight(), 0u);
  EXPECT_EQ(gateway_->connections(), 0u);
}

TEST_P(Tunnel, each_direction_ends_for_itself_the_backends_first) {
  start(always_on_alone());
  const auto client = open();
  call().send("bye");
  call().end_output();
  ASSERT_TRUE(loop_.run_until([&] { return client->peer().ended(); }, 1s));
  EXPECT_EQ(through(*client), "bye");
  EXPECT_FALSE(call().input_ended);
  const std::string rest = pattern(300'000);
  client->peer().send(rest);
  client->peer().end_writing();
  ASSERT_TRUE(loop_.run_until([&] { return call().input_ended; }, 1s));
  EXPECT_EQ(call().body, rest);
  run();
  EXPECT_EQ(attempts(policy::Outcome::ok), 1u);
  EXPECT_EQ(counters().client_gone, 0u);
  EXPECT_EQ(gateway_->connections(), 0u);
}

TEST_P(Tunnel, a_reset_by_the_backend_is_one_for_the_client) {
  start(always_on_alone());
  const auto client = open();
  call().abort();
  ASSERT_TRUE(loop_.run_until([&] { return client->peer().over(); }, 1s));
  EXPECT_TRUE(client->peer().broken());
  EXPECT_EQ(attempts(policy::Outcome::broken_midway), 1u);
  EXPECT_EQ(status().always_on.backends[0].strikes, 0u);
}

TEST_P(Tunnel, a_reset_by_the_client_is_one_for_the_backend) {
  start(always_on_alone());
  const auto client = open();
  client->peer().reset();
  run();
  EXPECT_TRUE(call().gone);
  EXPECT_FALSE(call().input_ended);
  EXPECT_EQ(counters().client_gone, 1u);
  EXPECT_EQ(attempts(policy::Outcome::cancelled), 1u);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_P(Tunnel, silence_ends_it_and_bytes_of_either_side_keep_it_open) {
  ServiceText text = always_on_alone();
  text.more = "    timeouts: {tunnel_idle: 2m, total: 10s}\n";
  start(text);
  const auto client = open();
  for (int i = 0; i < 5; ++i) {
    loop_.run_for(100s);
    client->send("a");
    loop_.run_for(100s);
    call().send("b");
  }
  run();
  EXPECT_EQ(through(*client), "bbbbb");
  EXPECT_EQ(call().body, "aaaaa");
  EXPECT_FALSE(client->peer().over());
  loop_.run_for(119s);
  EXPECT_FALSE(client->peer().over());
  loop_.run_for(2s);
  EXPECT_TRUE(client->peer().over());
  EXPECT_TRUE(call().gone);
  EXPECT_EQ(counters().tunnels_idle, 1u);
  EXPECT_EQ(counters().tunnels_open, 0u);
  EXPECT_EQ(attempts(policy::Outcome::ok), 1u) << "nobody is to blame";
}

TEST_P(Tunnel, half_closed_it_may_be_silent_no_longer_than_a_response) {
  start(always_on_alone());
  const auto client = open();
  client->peer().end_writing();
  loop_.run_for(59s);
  EXPECT_FALSE(client->peer().over());
  loop_.run_for(2s);
  EXPECT_TRUE(client->peer().over());
  EXPECT_EQ(counters().tunnels_idle, 1u);
  EXPECT_EQ(in_flight(), 0u);
}

// ---- what is no tunnel ----

TEST_P(Tunnel, another_answer_passes_and_ends_the_connection) {
  start(always_on_alone());
  always_on_->on_call = [](Call& call) { call.answer(426, "no", {{"x", "y"}}); };
  // What follows could be the other protocol, and must not be taken for a request.
  const auto client = ask(get("/chat", kAsks) + get("/smuggled"));
  run();
  ASSERT_EQ(client->responses().size(), 1u) << client->peer().received();
  EXPECT_EQ(client->first().status, 426);
  EXPECT_EQ(client->first().body, "no");
  EXPECT_EQ(client->first().field("x"), "y");
  EXPECT_EQ(client->first().field("connection"), "close");
  EXPECT_TRUE(client->peer().ended());
  EXPECT_EQ(always_on_->calls.size(), 1u);
}

TEST_P(Tunnel, wishes_that_are_ignored) {
  start(always_on_alone());
  const std::string h2c =
      "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
      "http2-settings: AAMAAABkAAQAAP__\r\n";
  const auto client =
      ask(get("/a", h2c) + post("/b", "body", kAsks) + get("/c", "upgrade: websocket\r\n"));
  ASSERT_TRUE(await(*client, 3));
  EXPECT_EQ(client->statuses(), "200 200 200");
  for (const auto& each : always_on_->calls) {
    EXPECT_EQ(each->field("upgrade") + each->field("connection"), "") << each->target;
  }
}

TEST_P(Tunnel, a_list_that_is_none_is_refused) {
  start(always_on_alone());
  const ResponseText response =
      answer_to(get("/", "connection: upgrade\r\nupgrade: web socket\r\n"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.field("warmgate-reason"), "bad-upgrade");
  EXPECT_EQ(always_on_->calls.size(), 0u);
}

TEST_P(Tunnel, a_switch_that_nobody_asked_for_is_a_failure) {
  start(always_on_alone());
  always_on_->on_call = [](Call& call) { call.switch_protocols("other"); };
  EXPECT_EQ(answer_to(get("/chat", kAsks)).status, 502);
  EXPECT_EQ(attempts(policy::Outcome::broken), 1u);
}

// ---- the policy ----

TEST_P(Tunnel, it_is_never_sent_twice_once_bytes_were_sent) {
  start();
  always_on_->on_call = [](Call& call) { call.abort(); };
  const ResponseText response = answer_to(get("/chat", kAsks));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.field("warmgate-attempts"), "1");
  EXPECT_EQ(always_on_->calls.size(), 1u);
  EXPECT_EQ(status().retries, 0u);
}

TEST_P(Tunnel, it_holds_its_slot_until_it_ends) {
  start(always_on_alone());
  teach_always_on();
  const auto first = open(), second = open();
  loop_.run_for(1min);
  EXPECT_EQ(status().always_on.in_flight, 2u);
  EXPECT_EQ(counters().tunnels_open, 2u);
  EXPECT_EQ(answer_to().status, 429);
  first->peer().reset();
  run();
  EXPECT_EQ(answer_to().status, 200);
  EXPECT_LT(status().always_on.times.service_p99_s, 0.1);
}

TEST_P(Tunnel, it_waits_for_a_cold_start_like_any_other) {
  ServiceText text;
  text.always_on = "";
  start(text);
  serverless_->backend.on_call = [](Call& call) {
    if (call.target == "/chat") return call.switch_protocols("websocket");
    call.answer_after(3s, 200, "ready");
  };
  const auto client = ask(get("/chat", kAsks) + "first");
  loop_.run_for(1s);
  EXPECT_EQ(client->peer().received(), "");
  ASSERT_TRUE(loop_.run_until([&] { return counters().tunnels_open == 1; }, 10s));
  serverless_->backend.last().send("welcome");
  run();
  EXPECT_EQ(serverless_->backend.last().body, "first");
  EXPECT_THAT(client->peer().received(), EndsWith("\r\n\r\nwelcome"));
  EXPECT_THAT(client->peer().received(), HasSubstr("warmgate-reason: queued-serverless"));
}

TEST_P(Tunnel, a_client_that_leaves_while_it_waits_is_gone) {
  start();
  fill_always_on();
  const auto client = ask(get("/chat", kAsks) + "early");
  run();
  EXPECT_EQ(status().queued, 1u);
  client->peer().end_writing();
  run();
  EXPECT_EQ(status().queued, 0u);
}

TEST_P(Tunnel, the_slo_counts_to_the_101_and_the_log_tells_both) {
  start(always_on_alone());
  const auto client = open();
  client->send("hello");
  loop_.run_for(90s);
  client->peer().end_writing();
  call().send("ok");
  call().end_output();
  loop_.run_for(1s);
  EXPECT_EQ(counters().over_slo, 0u);
  EXPECT_EQ(counters().responses[0][1], 1u);
  EXPECT_LT(counters().duration[0].max(), 1s);
  EXPECT_GT(counters().tunnel_duration.max(), 80s);
  EXPECT_EQ(counters().request_bytes, 5u);
  EXPECT_EQ(counters().response_bytes, 2u);
  EXPECT_THAT(access_log_, HasSubstr(R"("status":101,"requestSize":"5","responseSize":"2")"));
  EXPECT_THAT(access_log_, HasSubstr(R"("upgrade":"websocket","answeredMs":)"));
  EXPECT_THAT(access_log_, HasSubstr(R"("latency":"9)"));
}

// ---- drain ----

TEST_P(Tunnel, a_drain_refuses_new_ones_and_cuts_those_that_last) {
  start(always_on_alone());
  const auto client = open();
  const auto other = ask(get("/slow"));  // keeps its connection through the drain
  loop_.run_for(5ms);
  gateway_->drain();
  other->send(get("/chat", kAsks));
  client->send("still here");
  run();
  EXPECT_EQ(call().target, "/slow");
  EXPECT_EQ(always_on_->calls.front()->body, "still here");
  EXPECT_THAT(other->peer().received(), Not(HasSubstr("101")));
  loop_.run_for(1min);
  EXPECT_FALSE(gateway_->drained());
  EXPECT_FALSE(client->peer().over());
  gateway_->cut_tunnels();
  run();
  EXPECT_TRUE(client->peer().over());
  EXPECT_TRUE(always_on_->calls.front()->gone);
  EXPECT_TRUE(gateway_->drained());
  EXPECT_THAT(access_log_, HasSubstr(R"("upgrade":"websocket")"));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Tunnel, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Tunnel, seeds_shared());

}  // namespace
}  // namespace warmgate::test
