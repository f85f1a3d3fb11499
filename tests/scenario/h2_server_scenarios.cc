// HTTP/2: what a well-behaved client sees.
#include <gmock/gmock.h>

#include "h2_server_fixture.h"
#include "transport/send_buffer.h"

namespace warmgate::test {
namespace {

using testing::ElementsAre;
using testing::Pair;

INSTANTIATE_TEST_SUITE_P(Seeds, H2ServerScenario, seeds());

TEST_P(H2ServerScenario, AnswersByPriorKnowledge) {
  const H2Response response = exchange_h2({.path = "/hello"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.field("content-length"), "5");
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.error, NGHTTP2_NO_ERROR);
  EXPECT_FALSE(over());
  EXPECT_EQ(server_->stats().connections, 1u);
  EXPECT_EQ(server_->stats().h2_connections, 1u);
  EXPECT_EQ(server_->stats().requests, 1u);
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_P(H2ServerScenario, BothVersionsAreSpokenAtTheSamePlace) {
  EXPECT_EQ(statuses(exchange(get("/hello"))), "200");
  EXPECT_EQ(exchange_h2({.path = "/hello"}).status, 200);
  EXPECT_EQ(statuses(exchange(get("/hello"))), "200");
  EXPECT_EQ(server_->stats().requests, 3u);
  EXPECT_EQ(server_->stats().h2_requests, 1u);
}

TEST_P(H2ServerScenario, ManyRequestsAtATime) {
  connect_h2();
  std::vector<int32_t> streams;
  for (size_t i = 0; i < 60; ++i) {
    streams.push_back(h2_->request({.method = "POST", .path = "/echo", .body = pattern(i * 997)}));
  }
  loop_.run_until_idle();
  for (size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(h2_->response(streams[i]).status, 200) << i;
    EXPECT_TRUE(h2_->response(streams[i]).body == pattern(i * 997)) << i;
    EXPECT_TRUE(h2_->response(streams[i]).complete) << i;
  }
  EXPECT_EQ(application_.open(), 0u);
}

TEST_P(H2ServerScenario, RequestsBeyondTheStreamLimitWaitAtTheClient) {
  connect_h2();
  loop_.run_until_idle();
  EXPECT_EQ(h2_->remote_setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 100u);
  for (int i = 0; i < 150; ++i) h2_->get("/wait");
  loop_.run_until_idle();
  EXPECT_EQ(application_.open(), 100u);
  application_.answer_waiting();
  loop_.run_until_idle();
  EXPECT_EQ(h2_->complete(), 100u);
  EXPECT_EQ(application_.open(), 50u);
}

TEST_P(H2ServerScenario, BodiesPassWithAndWithoutALength) {
  for (size_t size : {1u, 10u, 5'000u, 400'000u, 2'000'000u}) {
    const std::string body = pattern(size);
    const H2Response open = exchange_h2({.method = "POST", .path = "/echo", .body = body});
    EXPECT_TRUE(open.body == body) << size;
    EXPECT_TRUE(open.complete) << size;
    const H2Response sized = exchange_h2({.method = "POST",
                                          .path = "/echo",
                                          .fields = {{"content-length", std::to_string(size)}},
                                          .body = body});
    EXPECT_TRUE(sized.body == body) << size;
    EXPECT_EQ(sized.field("content-length"), std::to_string(size));
  }
}

TEST_P(H2ServerScenario, LumpsAndBigResponsesPass) {
  EXPECT_TRUE(exchange_h2({.path = "/lump/3000000"}).body == pattern(3'000'000));
  EXPECT_TRUE(exchange_h2({.path = "/big/3000000"}).body == pattern(3'000'000));
  EXPECT_TRUE(exchange_h2({.path = "/sized/300000"}).body == pattern(300'000));
}

TEST_P(H2ServerScenario, TrailersPassBothWays) {
  const H2Response response = exchange_h2({.method = "POST",
                                           .path = "/echo",
                                           .body = "x",
                                           .trailers = {{"checksum", "42"}, {"host", "evil"}}});
  EXPECT_EQ(response.body, "x");
  EXPECT_THAT(response.trailers, ElementsAre(Pair("checksum", "42")));
  EXPECT_TRUE(response.complete);
}

TEST_P(H2ServerScenario, ResponsesWithoutABody) {
  const H2Response head = exchange_h2({.method = "HEAD", .path = "/sized/1000"});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("content-length"), "1000");
  EXPECT_EQ(head.body, "");
  EXPECT_TRUE(head.complete);
  const H2Response empty = exchange_h2({.path = "/empty"});
  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(empty.field("content-length"), "");
  EXPECT_TRUE(empty.complete);
}

TEST_P(H2ServerScenario, InterimResponsesPass) {
  const H2Response response = exchange_h2({.path = "/interim"});
  EXPECT_THAT(response.interim, ElementsAre(103));
  EXPECT_EQ(response.status, 200);
}

TEST_P(H2ServerScenario, ContinueIsSentWhenTheApplicationReads) {
  connect_h2();
  const H2FieldList expect{{"expect", "100-continue"}};
  const int32_t read =
      h2_->request({.method = "POST", .path = "/read", .fields = expect, .ends = false});
  const int32_t ignore =
      h2_->request({.method = "POST", .path = "/ignore", .fields = expect, .ends = false});
  loop_.run_until_idle();
  EXPECT_THAT(h2_->response(read).interim, ElementsAre(100));
  EXPECT_THAT(h2_->response(ignore).interim, ElementsAre());
  EXPECT_EQ(h2_->response(ignore).status, 403);
  h2_->send_body(read, "body", true);
  loop_.run_until_idle();
  EXPECT_EQ(h2_->response(read).body, "4");
}

TEST_P(H2ServerScenario, TheRestOfAnAnsweredRequestIsNotWanted) {
  connect_h2();
  const int32_t stream = h2_->request({.method = "POST", .path = "/ignore", .ends = false});
  loop_.run_until_idle();
  EXPECT_EQ(h2_->response(stream).status, 403);
  EXPECT_TRUE(h2_->response(stream).complete);
  EXPECT_EQ(h2_->response(stream).error, NGHTTP2_NO_ERROR);
  EXPECT_EQ(h2_->get("/hello"), stream + 2);
  loop_.run_until_idle();
  EXPECT_EQ(h2_->complete(), 2u);
}

TEST_P(H2ServerScenario, AnAbortedResponseIsAReset) {
  const H2Response response = exchange_h2({.path = "/abort"});
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(response.error, NGHTTP2_INTERNAL_ERROR);
  EXPECT_FALSE(over()) << "the connection goes on";
}

TEST_P(H2ServerScenario, AResetIsAClientThatLeft) {
  connect_h2();
  const int32_t first = h2_->get("/wait");
  h2_->get("/wait");
  loop_.run_until_idle();
  h2_->reset(first, NGHTTP2_CANCEL);
  loop_.run_until_idle();
  EXPECT_EQ(application_.gone, 1);
  EXPECT_EQ(application_.open(), 1u);
  h2_->peer().close();
  loop_.run_until_idle();
  EXPECT_EQ(application_.gone, 2);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(H2ServerScenario, TheEndOfAConnectionTellsEveryRequest) {
  connect_h2();
  for (int i = 0; i < 10; ++i) h2_->get("/wait");
  h2_->request({.method = "POST", .path = "/stuck", .body = pattern(500'000)});
  loop_.run_until_idle();
  h2_->peer().end_writing();
  loop_.run_until_idle();
  EXPECT_EQ(application_.gone, 11);
  EXPECT_EQ(application_.open(), 0u);
}

TEST_P(H2ServerScenario, AResponseWaitsForItsReader) {
  connect_h2({.stream_window = 10'000, .grants = false});
  const int32_t slow = h2_->get("/big/2000000");
  loop_.run_until_idle();
  EXPECT_EQ(h2_->response(slow).body.size(), 10'000u);
  EXPECT_EQ(application_.open(), 1u) << "held back";
  const int32_t other = h2_->get("/sized/9000");
  loop_.run_until_idle();
  EXPECT_TRUE(h2_->response(other).complete) << "one that is slow holds up no other";
  while (!h2_->response(slow).complete) {
    h2_->grant(slow, 100'000);
    loop_.run_until_idle();
  }
  EXPECT_TRUE(h2_->response(slow).body == pattern(2'000'000));
}

TEST_P(H2ServerScenario, EchoIsHeldBackByItsReader) {
  connect_h2({.stream_window = 1'000, .grants = false});
  const int32_t stream =
      h2_->request({.method = "POST", .path = "/echo", .body = pattern(3'000'000)});
  loop_.run_until_idle();
  EXPECT_LE(application_.body_bytes, transport::kSendHigh + 1'000 + 64 * 1024);
  h2_->grant(stream, 10'000'000);
  loop_.run_until_idle();
  EXPECT_TRUE(h2_->response(stream).body == pattern(3'000'000));
}

TEST_P(H2ServerScenario, ABodyThatNobodyReadsStaysWithTheClient) {
  connect_h2();
  const size_t most = transport::H2Limits().stream_window;
  h2_->request({.method = "POST", .path = "/stuck", .body = pattern(2'000'000)});
  const int32_t other = h2_->request({.method = "POST", .path = "/echo", .body = pattern(300'000)});
  loop_.run_until_idle();
  EXPECT_TRUE(h2_->response(other).body == pattern(300'000)) << "others are not held up";
  EXPECT_EQ(application_.open(), 1u);
  EXPECT_LE(h2_->sent_body(1), most);
}

TEST_P(H2ServerScenario, PausedBodiesOfAConnectionAreBounded) {
  connect_h2();
  size_t sent = 0;
  std::vector<int32_t> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(
        h2_->request({.method = "POST", .path = "/stuck", .body = pattern(1'000'000)}));
  }
  loop_.run_until_idle();
  for (const int32_t stream : streams) sent += h2_->sent_body(stream);
  const transport::H2Limits limits;
  EXPECT_GE(sent, limits.held_bytes);
  EXPECT_LE(sent, limits.held_bytes + limits.connection_window);
  for (const int32_t stream : streams) h2_->reset(stream, NGHTTP2_CANCEL);
  loop_.run_until_idle();
  const int32_t after =
      h2_->request({.method = "POST", .path = "/echo", .body = pattern(3'000'000)});
  loop_.run_until_idle();
  EXPECT_TRUE(h2_->response(after).body == pattern(3'000'000)) << "all windows were given back";
}

TEST_P(H2ServerScenario, CookiesAreJoined) {
  connect_h2();
  const int32_t stream = h2_->request(
      {.path = "/fields", .fields = {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}}});
  loop_.run_until_idle();
  EXPECT_EQ(h2_->response(stream).body, "host: h\ncookie: a=1; b=2\nx: y\n");
}

}  // namespace
}  // namespace warmgate::test
