// What of a head passes through the gateway, and what it adds.
#include <set>

#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Headers : public GatewayScenario {
 protected:
  Call& asked_with(const std::string& fields) {
    EXPECT_EQ(answer_to(get("/infer?q=1", fields)).status, 200);
    return always_on_->last();
  }
};

TEST_P(Headers, hop_by_hop_and_the_gateways_own_names_do_not_pass) {
  start();
  const Call& call = asked_with(
      "connection: x-mine\r\nx-mine: 1\r\nkeep-alive: 5\r\nte: trailers\r\nupgrade: h2c\r\n"
      "proxy-connection: close\r\nwarmgate-pool: serverless\r\nwarmgate-hold: 10s\r\n"
      "warmgate-timeout: 2s\r\nWarmgate-Instance: x;age=1\r\nx-app: kept\r\n"
      "authorization: Bearer t\r\n");
  for (const char* name :
       {"connection", "x-mine", "keep-alive", "upgrade", "proxy-connection", "warmgate-pool",
        "warmgate-hold", "warmgate-timeout", "warmgate-instance"}) {
    EXPECT_EQ(call.field(name), "") << name;
  }
  EXPECT_EQ(call.field("x-app"), "kept");
  EXPECT_EQ(call.field("authorization"), "Bearer t");
  EXPECT_EQ(call.target, "/infer?q=1");
}

TEST_P(Headers, who_asked_is_told_to_the_backend) {
  start();
  const Call& plain = asked_with("");
  EXPECT_EQ(plain.host, "10.0.1.1:8080");
  EXPECT_EQ(plain.field("via"), "1.1 warmgate");
  EXPECT_EQ(plain.field("x-forwarded-for"), "10.1.1.1");
  EXPECT_EQ(plain.field("x-forwarded-host"), "h");
  EXPECT_EQ(plain.field("x-forwarded-proto"), "http");
  EXPECT_EQ(plain.field("forwarded"), "for=10.1.1.1;host=\"h\";proto=http");
  const Call& behind = asked_with(
      "via: 1.0 edge\r\nx-forwarded-for: 9.9.9.9\r\nforwarded: for=9.9.9.9\r\n"
      "x-forwarded-proto: https\r\nx-forwarded-host: public.example\r\n");
  EXPECT_EQ(behind.field("via"), "1.0 edge, 1.1 warmgate");
  EXPECT_EQ(behind.field("x-forwarded-for"), "9.9.9.9, 10.1.1.1");
  EXPECT_THAT(behind.field("forwarded"), StartsWith("for=9.9.9.9, for=10.1.1.1"));
  EXPECT_EQ(behind.field("x-forwarded-proto"), "https");
  EXPECT_EQ(behind.field("x-forwarded-host"), "public.example");
}

TEST_P(Headers, a_trace_is_passed_on_or_begun) {
  start();
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(asked_with("traceparent: " + parent + "\r\ntracestate: a=b\r\n").field("traceparent"),
            parent);
  EXPECT_EQ(always_on_->last().field("tracestate"), "a=b");
  EXPECT_THAT(access_log_, HasSubstr("0af7651916cd43dd8448eb211c80319c"));
  std::set<std::string> made;
  for (const char* bad : {"", "traceparent: rubbish\r\n", "traceparent: 00-zz-1-01\r\n"}) {
    const std::string own = asked_with(bad).field("traceparent");
    EXPECT_THAT(own, MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]"));
    made.insert(own);
  }
  EXPECT_EQ(made.size(), 3u);
}

TEST_P(Headers, of_an_answer_hop_by_hop_and_false_stories_do_not_pass) {
  start();
  always_on_->on_call = [](Call& call) {
    call.answer(200, "x",
                {{"x-app", "kept"},
                 {"warmgate-pool", "serverless"},
                 {"warmgate-reason", "lies"},
                 {"via", "1.1 backend"},
                 {"set-cookie", "a=1"},
                 {"set-cookie", "b=2"}});
  };
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.field("x-app"), "kept");
  EXPECT_EQ(answer.field("warmgate-pool"), "always-on");
  EXPECT_EQ(answer.field("warmgate-reason"), "unknown");
  size_t cookies = 0, vias = 0;
  for (const auto& [name, value] : answer.fields) {
    cookies += name == "set-cookie";
    vias += name == "via";
  }
  EXPECT_EQ(cookies, 2u);
  EXPECT_EQ(vias, 2u);
}

TEST_P(Headers, each_backend_has_its_own_host_and_base_path) {
  ServiceText text;
  text.always_on =
      "{backends: [{url: 'http://10.0.1.1:8080/models/a/', host_header: a.run.app}], "
      "concurrency: 2}";
  start(text);
  EXPECT_EQ(answer_to(get("/infer?x=1")).status, 200);
  EXPECT_EQ(always_on_->last().host, "a.run.app");
  EXPECT_EQ(always_on_->last().target, "/models/a/infer?x=1");
  EXPECT_EQ(always_on_->last().field("x-forwarded-host"), "h");
  EXPECT_GE(always_on_->probes, 1u) << "probes have the same base path";
}

TEST_P(Headers, a_head_request_has_a_length_and_no_body) {
  start();
  auto client = ask("HEAD /infer HTTP/1.1\r\nhost: h\r\n\r\n" + get("/infer"));
  ASSERT_TRUE(loop_.run_until([&] { return always_on_->calls.size() == 2; }, 1s));
  loop_.run_for(100ms);
  const auto responses = read_responses(client->peer().received(), {"HEAD", "GET"});
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[0].field("content-length"), "4");
  EXPECT_EQ(responses[1].body, "pong");
}

TEST_P(Headers, as_many_response_fields_as_the_parser_takes_pass_with_room_for_ours) {
  start();
  always_on_->on_call = [](Call& call) {
    FieldTexts fields;
    for (int i = 0; i < 95; ++i) fields.emplace_back("x-" + std::to_string(i), "v");
    call.answer(200, "x", fields);
  };
  const ResponseText answer = answer_to();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("warmgate-pool"), "always-on");
  EXPECT_NE(answer.field("server-timing"), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, Headers, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Headers, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Headers, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
