// HTTP/2 with backends, through the whole gateway: what differs from HTTP/1.1. That all else does
// not differ, the other scenarios show: they run with both.
#include "gateway_fixture.h"
#include "support/h2_peer.h"
#include "support/h2_raw_backend.h"

namespace warmgate::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// A backend that sends frames as the test says, alone or beside a serverless pool that is none.
class H2Backends : public GatewayScenario {
 protected:
  void start_raw(const H2RawBackend::Habits& habits = {}, const std::string& more = "") {
    raw_ = std::make_unique<H2RawBackend>(loop_, kAlwaysOn, habits);
    start_yaml(
        "listen: \"10.0.0.1:80\"\nadmin: off\nservices:\n  - name: digits\n    slo: 30s\n"
        "    always_on: {backends: ['http://10.0.1.1:8080'], concurrency: 8, protocol: h2}\n"
        "    health: {enabled: false}\n" +
        more);
  }
  H2RawBackendConnection& peer() { return raw_->last(); }
  H2Asked& asked(int32_t stream) { return peer().asked[stream]; }
  void send(const std::string& frames) {
    peer().send(frames);
    loop_.run_until_idle();
  }
  static std::string reset(int32_t stream, uint32_t error) {
    return h2_frame(NGHTTP2_RST_STREAM, 0, stream, h2_number(error));
  }

  std::unique_ptr<H2RawBackend> raw_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, H2Backends, seeds());

TEST_P(H2Backends, a_refused_stream_is_sent_again_whatever_its_method) {
  start_raw({}, "    repeatable: false\n");
  const auto client = ask(post("/infer", "precious"));
  loop_.run_until_idle();
  send(reset(1, NGHTTP2_REFUSED_STREAM));
  EXPECT_EQ(asked(3).body, "precious");
  peer().answer(3);
  loop_.run_until_idle();
  EXPECT_EQ(client->first().body, "hello");
  EXPECT_EQ(client->first().field("warmgate-attempts"), "2");
  const auto touched = ask(post("/infer", "precious"));
  loop_.run_until_idle();
  send(reset(5, NGHTTP2_INTERNAL_ERROR));
  EXPECT_EQ(touched->first().status, 502);
  EXPECT_THAT(touched->first().body, HasSubstr("INTERNAL_ERROR"));
  EXPECT_EQ(peer().asked.size(), 3u);
}

TEST_P(H2Backends, what_a_goaway_leaves_out_is_sent_again_on_another_connection) {
  start_raw({}, "    repeatable: false\n");
  const auto first = ask();
  loop_.run_until_idle();
  const auto second = ask();
  loop_.run_until_idle();
  send(h2_frame(NGHTTP2_GOAWAY, 0, 0, h2_number(1) + h2_number(NGHTTP2_NO_ERROR)));
  ASSERT_EQ(raw_->accepted(), 2u);
  raw_->connection(0).answer(1, "old");
  raw_->connection(1).answer(1, "new");
  loop_.run_until_idle();
  EXPECT_EQ(first->first().body, "old");
  EXPECT_EQ(second->first().body, "new");
}

TEST_P(H2Backends, fields_are_what_http2_has) {
  start_raw({.answers = true});
  const auto client = ask(get("/infer",
                              "connection: x-mine, te\r\nx-mine: 1\r\nte: trailers, deflate\r\n"
                              "cookie: a=1\r\nX-App: Kept\r\nkeep-alive: 5\r\n"));
  loop_.run_until_idle();
  EXPECT_EQ(client->first().status, 200);
  EXPECT_EQ(client->first().field("via"), "2.0 warmgate");
  const H2Asked& its = asked(1);
  EXPECT_EQ(its.field(":authority"), "10.0.1.1:8080");
  EXPECT_EQ(its.field("te"), "trailers");
  EXPECT_EQ(its.field("cookie"), "a=1");
  EXPECT_EQ(its.field("x-app"), "Kept");
  EXPECT_EQ(its.field("x-forwarded-host"), "h");
  for (const char* name : {"connection", "host", "keep-alive", "x-mine"}) {
    EXPECT_EQ(its.field(name), "") << name;
  }
}

TEST_P(H2Backends, a_client_that_leaves_resets_its_stream_only) {
  start_raw();
  const auto leaves = ask();
  loop_.run_until_idle();
  const auto stays = ask();
  loop_.run_until_idle();
  leaves->peer().close();
  loop_.run_until_idle();
  EXPECT_EQ(asked(1).error, NGHTTP2_CANCEL);
  peer().answer(3);
  loop_.run_until_idle();
  EXPECT_EQ(stays->first().status, 200);
  EXPECT_EQ(raw_->accepted(), 1u);
}

TEST_P(H2Backends, both_sides_may_speak_it_with_trailers_and_interim_heads) {
  start_raw();
  H2Peer client(loop_, kGateway);
  const int32_t stream = client.request({.method = "POST",
                                         .fields = {{"te", "trailers"}},
                                         .body = "abc",
                                         .trailers = {{"asked", "1"}}});
  loop_.run_until_idle();
  EXPECT_EQ(asked(1).body, "abc");
  EXPECT_THAT(asked(1).trailers, ElementsAre(Pair("asked", "1")));
  EXPECT_EQ(asked(1).field("te"), "trailers");
  send(h2_head(1, {{":status", "103"}}, false) + h2_head(1, {{":status", "200"}}, false) +
       h2_frame(NGHTTP2_DATA, 0, 1, "hello") + h2_head(1, {{"told", "2"}}, true));
  EXPECT_EQ(client.response(stream).status, 200);
  EXPECT_EQ(client.response(stream).body, "hello");
  EXPECT_TRUE(client.response(stream).complete);
  EXPECT_THAT(client.response(stream).trailers, Contains(Pair("told", "2")));
}

TEST_P(H2Backends, answers_without_a_body_have_none) {
  start_raw();
  const auto client = ask(get("/a") + get("/b") + get("/c"));
  loop_.run_until_idle();
  send(h2_head(1, {{":status", "204"}}, true));
  send(h2_head(3, {{":status", "200"}}, true));
  peer().answer(5);
  loop_.run_until_idle();
  EXPECT_EQ(client->complete(), 3u) << client->received();
  EXPECT_EQ(client->responses().back().body, "hello");
  const auto head = ask("HEAD /d HTTP/1.1\r\nhost: h\r\n\r\n");
  loop_.run_until_idle();
  send(h2_head(7, {{":status", "200"}, {"content-length", "7"}}, true));
  EXPECT_THAT(head->received(), HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_TRUE(head->received().ends_with("\r\n\r\n"));
}

TEST_P(H2Backends, an_answer_that_is_cut_short_is_not_passed_on_as_whole) {
  start_raw();
  const auto client = ask();
  loop_.run_until_idle();
  send(h2_head(1, {{":status", "200"}}, false) + h2_frame(NGHTTP2_DATA, 0, 1, "half"));
  send(reset(1, NGHTTP2_INTERNAL_ERROR));
  EXPECT_TRUE(client->peer().broken());
  EXPECT_EQ(client->complete(), 0u);
  EXPECT_EQ(counters().broken_off, 1u);
}

TEST_P(H2Backends, an_upgrade_is_refused_with_the_reason) {
  start_raw();
  const ResponseText refused =
      answer_to(get("/chat", "connection: upgrade\r\nupgrade: websocket\r\n"));
  EXPECT_EQ(refused.status, 501);
  EXPECT_EQ(refused.field("warmgate-reason"), "no-upgrade");
  EXPECT_THAT(refused.body, HasSubstr("protocol: h2"));
  EXPECT_EQ(raw_->asked(), 0u);
}

}  // namespace
}  // namespace warmgate::test
