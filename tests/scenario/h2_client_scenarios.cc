// HTTP/2 with backends that behave: what they are sent, and what is made of their answers.
#include "h2_client_fixture.h"

namespace warmgate::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class H2Client : public H2ClientScenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, H2Client, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(H2Client, SaysWhatHttp2Wants) {
  start();
  const auto plain = ask({.target = "/path?q"});
  EXPECT_THAT(asked(1).fields,
              ElementsAre(Pair(":method", "GET"), Pair(":scheme", "http"),
                          Pair(":authority", "backend"), Pair(":path", "/path?q")));
  EXPECT_TRUE(asked(1).complete);
  const auto sized = ask(
      {.method = "POST", .body = "abc", .fields = {{"X-Name", "Value"}}, .takes_trailers = true});
  EXPECT_THAT(asked(3).fields, ElementsAre(Pair(":method", "POST"), Pair(":scheme", "http"),
                                           Pair(":authority", "backend"), Pair(":path", "/"),
                                           Pair("x-name", "Value"), Pair("te", "trailers"),
                                           Pair("content-length", "3")));
  EXPECT_EQ(asked(3).body, "abc");
  const auto streamed = ask({.method = "POST", .body = "abcd", .chunked = true, .trailer = "v"});
  EXPECT_EQ(asked(5).field("content-length"), "");
  EXPECT_EQ(asked(5).body, "abcd");
  EXPECT_THAT(asked(5).trailers, ElementsAre(Pair("t", "v")));
  EXPECT_TRUE(asked(5).complete);
  EXPECT_EQ(backend_->accepted(), 1u);
}

TEST_P(H2Client, UnderstandsEveryAnswer) {
  start();
  const auto whole = ask();
  send(h2_head(1, {{":status", "200"}, {"content-length", "5"}}, false) + data(1, "he", false) +
       data(1, "llo", false) + h2_head(1, {{"t", "v"}}, true));
  EXPECT_TRUE(whole->succeeded());
  EXPECT_EQ(whole->body(), "hello");
  EXPECT_THAT(whole->trailers(), ElementsAre(Pair("t", "v")));
  const auto interim = ask();
  send(h2_head(3, {{":status", "100"}}, false) + h2_head(3, {{":status", "103"}}, false));
  peer().answer(3);
  loop_.run_until_idle();
  EXPECT_THAT(interim->interim(), ElementsAre(100, 103));
  EXPECT_TRUE(interim->succeeded());
  const auto head = ask({.method = "HEAD"});
  send(h2_head(5, {{":status", "200"}, {"content-length", "1000"}}, true));
  EXPECT_TRUE(head->succeeded());
  const auto none = ask();
  send(h2_head(7, {{":status", "204"}}, true));
  EXPECT_EQ(none->status(), 204);
  EXPECT_TRUE(none->succeeded());
  const auto late_end = ask();
  send(h2_head(9, {{":status", "304"}, {"content-length", "5"}}, false) + data(9, "", true));
  EXPECT_TRUE(late_end->succeeded());
  EXPECT_EQ(backend_->accepted(), 1u);
  EXPECT_EQ(pool_->idle(), 1u);
}

TEST_P(H2Client, ManyShareOneConnection) {
  start({.answers = true});
  std::vector<std::unique_ptr<ClientCall>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(begin());
  loop_.run_until_idle();
  for (const auto& each : calls) EXPECT_EQ(each->body(), "hello");
  EXPECT_EQ(backend_->accepted(), 1u);
  EXPECT_EQ(pool_->stats().opened, 1u);
  EXPECT_EQ(pool_->stats().opened_h2, 1u);
  EXPECT_EQ(pool_->stats().reused, 49u);
}

TEST_P(H2Client, OpensAnotherConnectionWhereTheBackendsLimitIsReached) {
  start({.settings = h2_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2)});
  const auto first = ask();
  const auto second = ask();
  const auto third = ask();
  EXPECT_EQ(backend_->accepted(), 2u);
  EXPECT_EQ(backend_->connection(0).asked.size(), 2u);
  EXPECT_EQ(backend_->connection(1).asked.size(), 1u);
  backend_->connection(0).answer(1);
  loop_.run_until_idle();
  EXPECT_TRUE(first->succeeded());
  const auto fourth = ask();
  EXPECT_EQ(backend_->connection(0).asked.size(), 3u) << "the first with room";
}

TEST_P(H2Client, OpensAnotherConnectionWhereOurOwnLimitIsReached) {
  make_pool({.h2 = {.max_streams = 3}});
  start();
  std::vector<std::unique_ptr<ClientCall>> calls;
  for (int i = 0; i < 7; ++i) calls.push_back(begin());
  loop_.run_until_idle();
  EXPECT_EQ(backend_->accepted(), 3u);
  EXPECT_EQ(backend_->asked(), 7u);
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(backend_->connection(i).asked.size(), 3u);
}

TEST_P(H2Client, ConnectsAheadOnce) {
  start({.answers = true});
  pool_->preconnect(10);
  pool_->preconnect(10);
  loop_.run_until_idle();
  EXPECT_EQ(pool_->idle(), 1u);
  pool_->preconnect(10);
  loop_.run_until_idle();
  EXPECT_TRUE(ask()->succeeded());
  EXPECT_EQ(pool_->stats().opened, 1u);
  EXPECT_EQ(pool_->stats().reused, 0u);
}

TEST_P(H2Client, ABackendThatGrantsNothingHoldsTheRequestBack) {
  start({.grants = false});
  const std::string body = pattern(1'000'000);
  const auto call = ask({.method = "POST", .body = body});
  EXPECT_EQ(asked().body.size(), 65'535u);
  EXPECT_EQ(call->writable_calls(), 0);
  for (int i = 0; i < 100 && !asked().complete; ++i) {
    send(h2_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, h2_number(50'000)) +
         h2_frame(NGHTTP2_WINDOW_UPDATE, 0, 1, h2_number(50'000)));
  }
  EXPECT_GT(call->writable_calls(), 0);
  EXPECT_TRUE(asked().body == body);
  peer().answer(1);
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
}

TEST_P(H2Client, APausedReaderCostsOneWindowAndHoldsUpNobodyElse) {
  make_pool({.h2 = {.stream_window = 20'000, .connection_window = 100'000}});
  start();
  const auto slow = ask();
  const auto quick = ask();
  slow->pause();
  const std::string piece = pattern(10'000);
  send(h2_head(1, {{":status", "200"}}, false) + data(1, piece, false) + data(1, piece, false));
  EXPECT_EQ(slow->body(), "");
  send(h2_head(3, {{":status", "200"}}, false));
  for (int i = 0; i < 4; ++i) send(data(3, piece, i == 3));
  EXPECT_TRUE(quick->succeeded());
  EXPECT_EQ(peer().granted[1], 0u);
  EXPECT_GE(peer().granted[0], 50'000u + 100'000u - 65'535u) << "others need the connection's";
  slow->resume();
  loop_.run_until_idle();
  EXPECT_TRUE(slow->body() == piece + piece);
  EXPECT_EQ(peer().granted[1], 20'000u);
  send(data(1, "", true));
  EXPECT_TRUE(slow->succeeded());
}

TEST_P(H2Client, AnAnswerThatIsOverWaitsForAReaderWhoPauses) {
  start();
  const auto call = ask();
  call->pause();
  send(h2_head(1, {{":status", "200"}}, false) + data(1, "hel", false) + data(1, "lo", false) +
       h2_head(1, {{"t", "v"}}, true));
  EXPECT_FALSE(call->over());
  EXPECT_EQ(pool_->idle(), 0u);
  // The stream is closed, and the connection goes on.
  const auto another = ask();
  peer().answer(3);
  loop_.run_until_idle();
  EXPECT_TRUE(another->succeeded());
  call->resume();
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(call->body(), "hello");
  EXPECT_THAT(call->trailers(), ElementsAre(Pair("t", "v")));
  EXPECT_EQ(pool_->idle(), 1u);
}

TEST_P(H2Client, EvenWhenItsConnectionIsGone) {
  start();
  const auto whole = ask();
  const auto half = ask();
  const auto given_up = ask();
  whole->pause();
  given_up->pause();
  half->pause();
  send(h2_head(1, {{":status", "200"}}, false) + data(1, "hello", true) +
       h2_head(3, {{":status", "200"}}, false) + data(3, "half", false) +
       h2_head(5, {{":status", "200"}}, false) + data(5, "unwanted", true));
  peer().peer.reset();
  loop_.run_until_idle();
  ASSERT_TRUE(half->failure());
  EXPECT_FALSE(whole->over());
  given_up->cancel();
  loop_.run_until_idle();
  EXPECT_EQ(pool_->connections(), 1u) << "as long as something is owed";
  whole->resume();
  loop_.run_until_idle();
  EXPECT_TRUE(whole->succeeded());
  EXPECT_EQ(whole->body(), "hello");
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2Client, AReaderWhoPausesAgainAndAgainGetsAllOfIt) {
  start();
  const auto call = begin();
  call->read_slowly(1ms);
  loop_.run_until_idle();
  const std::string body = pattern(200'000);
  std::string frames = h2_head(1, {{":status", "200"}}, false);
  for (size_t at = 0; at < body.size(); at += 16'000) {
    frames += data(1, std::string_view(body).substr(at, 16'000), at + 16'000 >= body.size());
  }
  send(frames);
  ASSERT_TRUE(loop_.run_until([&] { return call->over(); }));
  EXPECT_TRUE(call->body() == body);
}

TEST_P(H2Client, AnEarlyAnswerEndsTheRequestAndNotTheConnection) {
  start({.grants = false});
  const auto call = ask({.method = "POST", .body = pattern(1'000'000)});
  peer().answer(1, "enough");
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(call->body(), "enough");
  EXPECT_EQ(asked().error, NGHTTP2_NO_ERROR);
  const auto next = ask();
  EXPECT_TRUE(asked(3).complete);
  EXPECT_EQ(backend_->accepted(), 1u);
}

TEST_P(H2Client, AnIdleConnectionEndsInTime) {
  start({.answers = true});
  EXPECT_TRUE(ask()->succeeded());
  loop_.run_for(49s);
  EXPECT_EQ(pool_->idle(), 1u);
  EXPECT_FALSE(peer().went_away);
  loop_.run_for(2s);
  EXPECT_EQ(pool_->idle(), 0u);
  EXPECT_TRUE(peer().went_away);
  EXPECT_EQ(peer().goaway_error, NGHTTP2_NO_ERROR);
  loop_.run_for(3s);
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2Client, AtMostSoManyStayIdle) {
  make_pool({.max_idle = 1, .h2 = {.max_streams = 1}});
  start();
  std::vector<std::unique_ptr<ClientCall>> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(ask());
  EXPECT_EQ(backend_->accepted(), 4u);
  for (size_t i = 0; i < 4; ++i) backend_->connection(i).answer(1);
  loop_.run_for(3s);
  for (const auto& each : calls) EXPECT_TRUE(each->succeeded());
  EXPECT_EQ(pool_->connections(), 1u);
}

TEST_P(H2Client, ConnectionsToAddressesThatAreGoneEndAfterWhatRuns) {
  start();
  const auto call = ask();
  pool_->set_addresses({*net::Address::from_ip("10.0.0.9", 80)});
  loop_.run_until_idle();
  peer().answer(1);
  loop_.run_for(3s);
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2Client, CallsMayBeginWithinTheEndOfAnother) {
  start({.answers = true});
  const auto first = begin();
  std::unique_ptr<ClientCall> second;
  first->on_over = [&] { second = begin(); };
  loop_.run_until_idle();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->body(), "hello");
  EXPECT_EQ(backend_->accepted(), 1u);
}

}  // namespace
}  // namespace warmgate::test
