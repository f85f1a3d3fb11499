// gRPC requests: errors as statuses, the client's time limit, answers that only their trailers
// judge, and the health service. Backends speak HTTP/2; clients HTTP/1.1, where the transactions
// hide the difference.
#include "gateway_fixture.h"
#include "http/grpc.h"
#include "support/h2_peer.h"

namespace warmgate::test {
namespace {

using http::grpc_message;

const FieldTexts kType = {{"content-type", "application/grpc"}};
const std::string kFields = "content-type: application/grpc\r\nte: trailers\r\n";

std::string call_of(const std::string& path, const std::string& body,
                    const std::string& more = "") {
  return post(path, body, kFields + more);
}
std::string unary(const std::string& more = "") {
  return call_of("/digits.Model/Infer", grpc_message("question"), more);
}

H2Request unary_by_h2() {
  return {.method = "POST",
          .path = "/digits.Model/Infer",
          .fields = {{"content-type", "application/grpc"}, {"te", "trailers"}},
          .body = grpc_message("question")};
}

class Grpc : public GatewayScenario {
 protected:
  static ServiceText always_on_alone() {
    ServiceText text;
    text.serverless = "";
    return text;
  }
  // Two always-on backends, so that there is somewhere else to go.
  void start_two() {
    ServiceText text = always_on_alone();
    text.always_on = "{backends: [http://10.0.1.1:8080, http://10.0.1.2:8080], concurrency: 2}";
    start_backends();
    second_.emplace(loop_, *net::Address::from_ip("10.0.1.2", 8080));
    always_on_->on_call = second_->on_call = [this](Call& call) { respond(call); };
    start(text);
  }
  // The first call is answered as a test says, all others well.
  void respond(Call& call) {
    if (calls_++ == 0) return on_first(call);
    answer_well(call);
  }
  static void answer_well(Call& call) {
    call.send_head(200, kType, http::BodyLength::chunked());
    call.send(grpc_message("answer"));
    call.end({{"grpc-status", "0"}});
  }
  static std::string status_of(const ResponseText& response) {
    const std::string in_head = response.field("grpc-status");
    if (!in_head.empty()) return in_head;
    for (const auto& [name, value] : response.trailers) {
      if (name == "grpc-status") return value;
    }
    return "none";
  }
  std::string health(const std::string& body, const std::string& method = "Check") {
    const ResponseText response = answer_to(call_of("/grpc.health.v1.Health/" + method, body));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.field("content-type"), "application/grpc");
    return status_of(response) + (response.body.empty() ? "" : " " + response.body.substr(5));
  }
  static std::string health_request(const std::string& service) {
    return grpc_message("\x0a" + std::string(1, static_cast<char>(service.size())) + service);
  }
  uint64_t attempts(policy::Outcome outcome) {
    return counters().attempts[0][static_cast<size_t>(outcome)];
  }

  std::optional<ScriptedBackend> second_;
  std::function<void(Call&)> on_first = answer_well;
  int calls_ = 0;
};

// ---- errors of the gateway's own ----

TEST_P(Grpc, errors_are_statuses_without_a_message) {
  start(always_on_alone());
  teach_always_on();
  fill_always_on();
  const ResponseText busy = answer_to(unary());
  EXPECT_EQ(busy.status, 200);
  EXPECT_EQ(busy.field("content-type"), "application/grpc");
  EXPECT_EQ(busy.field("grpc-status"), "8") << "429: RESOURCE_EXHAUSTED";
  EXPECT_NE(busy.field("grpc-message"), "");
  EXPECT_GE(std::stoi(busy.field("grpc-retry-pushback-ms")), 1000);
  EXPECT_EQ(busy.body, "");
  EXPECT_EQ(counters().responses[2][4], 1u) << "counted as what it is";
}

TEST_P(Grpc, a_backend_that_cannot_be_reached_is_unavailable) {
  start(always_on_alone());
  always_on_->kill();
  const ResponseText response = answer_to(unary());
  EXPECT_EQ(response.field("grpc-status"), "14");
  EXPECT_EQ(response.field("grpc-message").find('\n'), std::string::npos);
}

TEST_P(Grpc, grpc_timeout_is_the_clients_limit) {
  ServiceText text;
  text.always_on = "";
  start(text);
  const Instant asked = loop_.now();
  const ResponseText response = answer_to(unary("grpc-timeout: 300m\r\n"));
  EXPECT_EQ(response.field("grpc-status"), "14");
  EXPECT_LT(loop_.now() - asked, 400ms);
  EXPECT_EQ(answer_to(unary("grpc-timeout: soon\r\n")).field("grpc-status"), "3");
}

// ---- answers ----

TEST_P(Grpc, a_unary_call_passes_with_its_trailers) {
  start_two();
  const ResponseText response = answer_to(unary());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, grpc_message("answer"));
  EXPECT_EQ(status_of(response), "0");
  EXPECT_EQ(attempts(policy::Outcome::ok), 1u);
}

TEST_P(Grpc, unavailable_in_the_trailers_is_repeated_elsewhere) {
  on_first = [](Call& call) {
    call.send_head(200, kType, http::BodyLength::chunked());
    call.end({{"grpc-status", "14"}});
  };
  start_two();
  const ResponseText response = answer_to(unary());
  EXPECT_EQ(status_of(response), "0");
  EXPECT_EQ(response.body, grpc_message("answer"));
  EXPECT_EQ(response.field("warmgate-attempts"), "2");
}

TEST_P(Grpc, a_status_without_messages_is_repeated_too) {
  on_first = [](Call& call) {
    call.answer(200, "", {{"content-type", "application/grpc"}, {"grpc-status", "14"}});
  };
  start_two();
  const ResponseText response = answer_to(unary());
  EXPECT_EQ(status_of(response), "0");
  EXPECT_EQ(response.field("warmgate-attempts"), "2");
}

TEST_P(Grpc, the_callers_own_mistakes_pass_on) {
  on_first = [](Call& call) {
    call.send_head(200, kType, http::BodyLength::chunked());
    call.end({{"grpc-status", "3"}, {"grpc-message", "no such digit"}});
  };
  start_two();
  const ResponseText response = answer_to(unary());
  EXPECT_EQ(status_of(response), "3");
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(attempts(policy::Outcome::client_error), 1u);
  for (const auto& backend : status().always_on.backends) EXPECT_EQ(backend.strikes, 0u);
}

TEST_P(Grpc, after_the_first_message_nothing_is_repeated_but_the_end_is_judged) {
  on_first = [](Call& call) {
    call.send_head(200, kType, http::BodyLength::chunked());
    call.send(grpc_message("one"));
    call.end({{"grpc-status", "13"}});
  };
  start_two();
  const ResponseText response = answer_to(unary());
  EXPECT_EQ(status_of(response), "13");
  EXPECT_EQ(response.body, grpc_message("one"));
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(attempts(policy::Outcome::server_error), 1u);
  uint32_t strikes = 0;
  for (const auto& backend : status().always_on.backends) strikes += backend.strikes;
  EXPECT_EQ(strikes, 1u);
}

TEST_P(Grpc, an_answer_without_a_status_is_a_failure) {
  on_first = [](Call& call) {
    call.send_head(200, kType, http::BodyLength::chunked());
    call.send(grpc_message("one"));
    call.end();
  };
  start_two();
  answer_to(unary());
  EXPECT_EQ(attempts(policy::Outcome::server_error), 1u);
}

// ---- several messages ----

TEST_P(Grpc, one_message_is_sent_again_and_two_are_not) {
  on_first = [](Call& call) { call.abort(); };
  start_two();
  EXPECT_EQ(status_of(answer_to(unary())), "0");
  EXPECT_EQ(calls_, 2);
  calls_ = 0;
  const ResponseText two =
      answer_to(call_of("/digits.Model/Stream", grpc_message("one") + grpc_message("two")));
  EXPECT_EQ(status_of(two), "14");
  EXPECT_EQ(two.field("warmgate-reason"), "upstream-failed");
  EXPECT_EQ(calls_, 1);
}

// A client that goes on sending may be waiting for the head first.
TEST_P(Grpc, the_head_of_a_stream_passes_before_the_request_is_complete) {
  start(always_on_alone());
  always_on_->on_head = [](Call& call) { call.send_head(200, kType, http::BodyLength::chunked()); };
  const auto client = ask("POST /digits.Model/Chat HTTP/1.1\r\nhost: h\r\n" + kFields +
                          "transfer-encoding: chunked\r\n\r\n");
  loop_.run_for(50ms);
  EXPECT_EQ(client->received(), "") << "its first message is gathered";
  const std::string message = grpc_message("hello");
  client->send("a\r\n" + message + "\r\n");
  loop_.run_for(50ms);
  EXPECT_EQ(client->received().substr(0, 15), "HTTP/1.1 200 OK");
}

TEST_P(Grpc, where_bodies_are_not_gathered_a_server_may_speak_first) {
  ServiceText text = always_on_alone();
  text.more = "    gather_body: false\n";
  start(text);
  always_on_->on_head = [](Call& call) { call.send_head(200, kType, http::BodyLength::chunked()); };
  const auto client = ask("POST /digits.Model/Chat HTTP/1.1\r\nhost: h\r\n" + kFields +
                          "transfer-encoding: chunked\r\n\r\n");
  loop_.run_for(50ms);
  EXPECT_EQ(client->received().substr(0, 15), "HTTP/1.1 200 OK");
}

// ---- probes ----

TEST_P(Grpc, probes_call_the_health_service_where_the_path_says_so) {
  ServiceText text = always_on_alone();
  text.more = "    health: {path: /grpc.health.v1.Health/Check, interval: 1s}\n";
  start_backends();
  std::string serving = "\x08\x01";
  always_on_->on_call = [&serving](Call& call) {
    if (call.target != "/grpc.health.v1.Health/Check") return answer_well(call);
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.body, grpc_message(""));
    EXPECT_EQ(call.field("te"), "trailers");
    if (serving.empty()) {
      return call.answer(200, "", {{"content-type", "application/grpc"}, {"grpc-status", "12"}});
    }
    call.send_head(200, kType, http::BodyLength::chunked());
    call.send(grpc_message(serving));
    call.end({{"grpc-status", "0"}});
  };
  start(text);
  loop_.run_for(5s);
  EXPECT_TRUE(status().always_on.backends[0].healthy);
  serving = "\x08\x02";
  loop_.run_for(10s);
  EXPECT_FALSE(status().always_on.backends[0].healthy);
  serving = "";
  loop_.run_for(10s);
  EXPECT_TRUE(status().always_on.backends[0].healthy) << "without the service: as with a 404";
  EXPECT_TRUE(status().always_on.backends[0].probe_unproven);
}

// ---- the health service ----

TEST_P(Grpc, health_is_about_the_gateway_and_asks_no_backend) {
  start();
  EXPECT_EQ(health(grpc_message("")), "0 \x08\x01");
  EXPECT_EQ(health(health_request("digits")), "0 \x08\x01");
  EXPECT_EQ(health(health_request("letters")), "5");
  EXPECT_EQ(health(grpc_message(""), "Watch"), "12");
  EXPECT_EQ(health(grpc_message(""), "Other"), "12");
  EXPECT_EQ(health(""), "3");
  EXPECT_EQ(health("abc"), "3");
  EXPECT_EQ(health(grpc_message("\x0a\x05")), "3");
  EXPECT_EQ(health(grpc_message(std::string(2000, 'x'))), "3");
  EXPECT_EQ(health(std::string("\1\0\0\0\0", 5)), "12") << "compressed";
  EXPECT_EQ(always_on_->calls.size() + serverless_->requests(), 0u);
}

TEST_P(Grpc, health_says_that_the_gateway_drains) {
  start(always_on_alone());
  always_on_->on_call = [](Call&) {};
  const auto client = ask(get("/slow"));
  loop_.run_for(5ms);
  const std::string check = call_of("/grpc.health.v1.Health/Check", grpc_message(""));
  const auto asked = ask(check.substr(0, check.size() - 2));  // its message is not here yet
  loop_.run_for(5ms);
  gateway_->drain();
  asked->send(check.substr(check.size() - 2));
  ASSERT_TRUE(await(*asked, 1, 1s));
  EXPECT_EQ(asked->first().body, grpc_message("\x08\x02"));
}

TEST_P(Grpc, a_health_client_that_leaves_is_forgotten) {
  start();
  const std::string check = call_of("/grpc.health.v1.Health/Check", grpc_message("abc"));
  const auto client = ask(check.substr(0, check.size() - 2));
  loop_.run_for(5ms);
  client->peer().reset();
  loop_.run_for(5ms);
  EXPECT_EQ(gateway_->connections(), 0u);
}

TEST_P(Grpc, needs_http2_with_all_backends) {
  start_backends();
  start_yaml(
      "listen: \"10.0.0.1:80\"\nadmin: off\nservices:\n  - name: digits\n"
      "    always_on: {backends: ['http://10.0.1.1:8080']}\n"
      "    serverless: {backends: ['http://10.0.2.1:8080'], protocol: h2}\n");
  const ResponseText refused = answer_to(unary());
  EXPECT_EQ(refused.field("grpc-status"), "12");
  EXPECT_EQ(refused.field("warmgate-reason"), "no-http2");
  EXPECT_NE(refused.field("grpc-message").find("protocol: h2"), std::string::npos);
  EXPECT_EQ(answer_to().status, 200) << "other requests pass";
}

// Statuses without messages must be one HEADERS frame that ends the stream.
TEST_P(Grpc, by_http2_a_status_without_messages_is_the_head_alone) {
  start_two();
  on_first = [](Call& call) {
    call.send_head(200, {{"content-type", "application/grpc"}, {"grpc-status", "5"}},
                   http::BodyLength::none());
    call.end();
  };
  H2Peer client(loop_, kGateway);
  const int32_t stream = client.request(unary_by_h2());
  loop_.run_until([&] { return client.complete() == 1; }, 1s);
  EXPECT_EQ(client.response(stream).field("grpc-status"), "5");
  EXPECT_EQ(client.response(stream).field("content-length"), "");
  EXPECT_TRUE(client.response(stream).complete);
}

TEST_P(Grpc, a_call_that_is_cancelled_is_cancelled_at_the_backend) {
  start(always_on_alone());
  always_on_->on_call = [](Call&) {};
  H2Peer client(loop_, kGateway);
  const int32_t stream = client.request(unary_by_h2());
  ASSERT_TRUE(loop_.run_until([&] { return always_on_->open_calls() == 1; }, 1s));
  client.reset(stream, NGHTTP2_CANCEL);
  loop_.run_for(5ms);
  EXPECT_TRUE(always_on_->last().gone);
}

INSTANTIATE_TEST_SUITE_P(ByH2, Grpc, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
