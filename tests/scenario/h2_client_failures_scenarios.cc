// HTTP/2 with backends that refuse, break off, break the rules or say nothing.
#include "h2_client_fixture.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;
using transport::FailureKind;

class H2ClientFailures : public H2ClientScenario {
 protected:
  void expect_failure(const ClientCall& call, FailureKind kind, bool bytes_sent,
                      const std::string& detail) {
    ASSERT_TRUE(call.failure());
    EXPECT_EQ(call.failure()->kind, kind);
    EXPECT_EQ(call.failure()->bytes_sent, bytes_sent);
    EXPECT_THAT(call.failure()->detail, HasSubstr(detail));
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, H2ClientFailures, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(H2ClientFailures, WhatTheBackendRefusesItHasNotSeen) {
  start();
  const auto refused = ask({.method = "POST", .body = "abc"});
  const auto reset_early = ask();
  const auto reset_late = ask();
  send(reset(1, NGHTTP2_REFUSED_STREAM) + reset(3, NGHTTP2_INTERNAL_ERROR) +
       h2_head(5, {{":status", "200"}}, false) + reset(5, NGHTTP2_CANCEL));
  expect_failure(*refused, FailureKind::lost_early, false, "refused the stream");
  expect_failure(*reset_early, FailureKind::lost_early, true, "INTERNAL_ERROR");
  expect_failure(*reset_late, FailureKind::lost_midway, true, "CANCEL");
  EXPECT_EQ(pool_->idle(), 1u) << "the connection goes on";
}

TEST_P(H2ClientFailures, GoawayLetsRunningStreamsEndAndNewOnesGoElsewhere) {
  start();
  const auto first = ask();
  const auto second = ask();
  const auto third = ask();
  send(goaway(3));
  EXPECT_FALSE(first->over());
  EXPECT_FALSE(second->over());
  expect_failure(*third, FailureKind::lost_early, false, "refused");
  const auto fourth = ask();
  EXPECT_EQ(backend_->accepted(), 2u);
  EXPECT_EQ(backend_->connection(1).asked.size(), 1u);
  backend_->connection(0).answer(1);
  backend_->connection(0).answer(3);
  loop_.run_for(3s);
  EXPECT_TRUE(first->succeeded());
  EXPECT_TRUE(second->succeeded());
  EXPECT_EQ(pool_->connections(), 1u);
}

TEST_P(H2ClientFailures, AWarningOfAGoawayLosesNothing) {
  start();
  const auto first = ask();
  send(goaway(INT32_MAX));
  const auto second = ask();
  EXPECT_EQ(backend_->accepted(), 2u);
  backend_->connection(0).answer(1);
  backend_->connection(0).send(goaway(1));
  loop_.run_until_idle();
  EXPECT_TRUE(first->succeeded());
}

TEST_P(H2ClientFailures, AConnectionThatDiesTakesAllOfItsStreamsAlongOnce) {
  start();
  std::vector<std::unique_ptr<ClientCall>> calls, successors;
  int over = 0;
  for (int i = 0; i < 3; ++i) {
    calls.push_back(ask());
    calls.back()->on_over = [&] {
      ++over;
      successors.push_back(begin());
    };
  }
  send(h2_head(3, {{":status", "200"}}, false));
  peer().peer.reset();
  loop_.run_until_idle();
  EXPECT_EQ(over, 3);
  expect_failure(*calls[0], FailureKind::lost_early, true, "the connection was reset");
  expect_failure(*calls[1], FailureKind::lost_midway, true, "the connection was reset");
  EXPECT_EQ(backend_->accepted(), 2u);
  EXPECT_EQ(peer().asked.size(), 3u) << "who comes after them shares another";
  EXPECT_EQ(pool_->connections(), 1u);
}

TEST_P(H2ClientFailures, AConnectionThatEndsIsTold) {
  start();
  const auto call = ask();
  peer().peer.close();
  loop_.run_until_idle();
  expect_failure(*call, FailureKind::lost_early, true, "closed before the response was complete");
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2ClientFailures, CancelledItIsResetAndTheOthersGoOn) {
  start();
  const auto given_up = ask({.method = "POST", .body = pattern(10'000'000)});
  const auto other = ask();
  given_up->on_over = [] { FAIL() << "called after cancel()"; };
  given_up->cancel();
  loop_.run_until_idle();
  EXPECT_EQ(asked(1).error, NGHTTP2_CANCEL);
  send(h2_head(1, {{":status", "200"}}, false) + data(1, "late", true));
  peer().answer(3);
  loop_.run_until_idle();
  EXPECT_TRUE(other->succeeded());
  EXPECT_EQ(backend_->accepted(), 1u);
}

TEST_P(H2ClientFailures, CancelledBeforeItWasSentNobodyHearsOfIt) {
  start({.answers = true});
  auto never_sent = begin();
  never_sent->cancel();
  loop_.run_until_idle();
  EXPECT_TRUE(ask()->succeeded());
  never_sent = begin();  // on an open connection
  never_sent->cancel();
  loop_.run_until_idle();
  EXPECT_EQ(backend_->asked(), 1u);
  EXPECT_TRUE(ask()->succeeded());
  EXPECT_EQ(backend_->accepted(), 1u);
  EXPECT_EQ(pool_->idle(), 1u);
}

TEST_P(H2ClientFailures, CancelledAtAnyMomentItIsSilentAndLeavesNothing) {
  start({.answers = true});
  for (int i = 0; i < 100; ++i) {
    auto call = begin({.method = "POST", .body = pattern(3'000)});
    call->on_over = [&] { EXPECT_TRUE(call->succeeded()); };
    if (i % 10 == 0) call->on_head = [&] { call->cancel(); };
    loop_.run_for(Duration(loop_.random().below(600'000)));
    call->cancel();
    loop_.run_until_idle();
    ASSERT_EQ(pool_->connections(), pool_->idle());
  }
  EXPECT_EQ(backend_->accepted(), 1u);
}

TEST_P(H2ClientFailures, BrokenRulesFailOneStreamOrTheConnection) {
  start();
  const std::vector<H2FieldList> heads = {
      {{":status", "abc"}},
      {{"no-status", "1"}},
      {{":status", "200"}, {"connection", "close"}},
      {{":status", "200"}, {"Upper", "1"}},
      {{":status", "200"}, {"content-length", "1"}, {"content-length", "2"}},
      {{":status", "101"}},
      {{":status", "200"}, {":path", "/"}},
      {{":status", "200"}, {"x", std::string("a\0b", 3)}},
  };
  int32_t stream = 1;
  for (const H2FieldList& head : heads) {
    const auto call = ask();
    send(h2_head(stream, head, false));
    ASSERT_TRUE(call->failure()) << head[0].second;
    EXPECT_EQ(call->failure()->kind, FailureKind::protocol) << call->failure()->detail;
    EXPECT_EQ(asked(stream).error, NGHTTP2_PROTOCOL_ERROR);
    stream += 2;
  }
  EXPECT_EQ(backend_->accepted(), 1u) << "the connection goes on";
  const auto pushed = ask();
  send(h2_frame(NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, stream,
                h2_number(2) + h2_block({{":method", "GET"}})));
  ASSERT_TRUE(pushed->failure());
  EXPECT_EQ(peer().goaway_error, NGHTTP2_PROTOCOL_ERROR);
  loop_.run_for(3s);
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2ClientFailures, ABodyThatIsNotAsLongAsItSaysIsNoAnswer) {
  start();
  const auto too_short = ask();
  send(h2_head(1, {{":status", "200"}, {"content-length", "5"}}, false) + data(1, "hell", true));
  const auto too_long = ask();
  send(h2_head(3, {{":status", "200"}, {"content-length", "5"}}, false) + data(3, "hello!", false));
  const auto of_head = ask({.method = "HEAD"});
  send(h2_head(5, {{":status", "200"}, {"content-length", "5"}}, false) + data(5, "hello", true));
  const auto none = ask();
  send(h2_head(7, {{":status", "200"}, {"content-length", "5"}}, true));
  for (const auto* call : {too_short.get(), too_long.get(), of_head.get(), none.get()}) {
    ASSERT_TRUE(call->failure());
    EXPECT_EQ(call->failure()->kind, FailureKind::protocol) << call->failure()->detail;
  }
  EXPECT_EQ(backend_->accepted(), 1u);
}

TEST_P(H2ClientFailures, AHeadThatIsTooLongIsRefusedAndAFloodEndsTheConnection) {
  make_pool({.head = {.max_bytes = 1000, .max_target = 500, .max_fields = 20}});
  start();
  const auto call = ask();
  H2FieldList fields{{":status", "200"}};
  for (int i = 0; i < 15; ++i) fields.emplace_back("x" + std::to_string(i), std::string(100, 'x'));
  send(h2_head(1, fields, true));
  expect_failure(*call, FailureKind::protocol, true, "too long");
  const auto flooded = ask();
  for (int i = 0; i < 100; ++i) fields.emplace_back("x" + std::to_string(i), std::string(100, 'x'));
  send(h2_head(3, fields, true));
  ASSERT_TRUE(flooded->failure());
  EXPECT_EQ(peer().goaway_error, NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_P(H2ClientFailures, RubbishEndsTheConnection) {
  start();
  const auto call = ask();
  peer().send("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
  loop_.run_for(3s);
  ASSERT_TRUE(call->failure());
  EXPECT_EQ(call->failure()->kind, FailureKind::lost_early);
  EXPECT_THAT(call->failure()->detail, HasSubstr("HTTP/2"));
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2ClientFailures, ADeadConnectionIsNoticedByAPing) {
  start({.answers_pings = false});
  const auto stuck = ask();
  auto given_up = ask();
  given_up->cancel();
  loop_.run_until_idle();
  EXPECT_EQ(peer().pings, 1u);
  loop_.run_for(6s);
  expect_failure(*stuck, FailureKind::lost_early, true, "PING");
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2ClientFailures, AnAnsweredPingIsEnoughUntilTheNextAnswer) {
  start();
  const auto running = ask();
  for (int i = 0; i < 3; ++i) ask()->cancel();
  loop_.run_for(10s);
  EXPECT_EQ(peer().pings, 1u);
  send(h2_head(1, {{":status", "200"}}, false));
  ask()->cancel();
  loop_.run_for(10s);
  EXPECT_EQ(peer().pings, 2u);
  send(data(1, "x", true));
  EXPECT_TRUE(running->succeeded());
}

TEST_P(H2ClientFailures, ABackendThatTakesNothingIsGivenUpInTime) {
  start();
  const auto call = ask({.method = "POST", .body = "begun"});
  peer().peer.pause_reading();
  const auto big = begin({.method = "POST", .body = pattern(10'000'000)});
  std::vector<std::unique_ptr<ClientCall>> more;
  for (int i = 0; i < 90; ++i) more.push_back(begin({.method = "POST", .body = pattern(100'000)}));
  loop_.run_for(29s);
  EXPECT_FALSE(call->over());
  loop_.run_for(2s);
  ASSERT_TRUE(call->failure());
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2ClientFailures, WhoeverCannotBeReachedSaysSo) {
  const auto refused = begin();
  const auto as_well = begin({.method = "POST", .body = pattern(1'000'000)});
  loop_.run_until_idle();
  expect_failure(*refused, FailureKind::connect_failed, false, "refused");
  expect_failure(*as_well, FailureKind::connect_failed, false, "refused");
  EXPECT_EQ(pool_->stats().failed, 1u);
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_P(H2ClientFailures, OneThatIsNotAllowedToOpenSoManyWaits) {
  start();
  const auto first = ask();
  send(h2_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1));
  const auto elsewhere = ask();
  EXPECT_EQ(backend_->accepted(), 2u);
  backend_->connection(0).send(goaway(1));
  loop_.run_until_idle();
  backend_->connection(0).answer(1);
  loop_.run_until_idle();
  EXPECT_TRUE(first->succeeded());
}

}  // namespace
}  // namespace warmgate::test
