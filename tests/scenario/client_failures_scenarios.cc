// Backends that refuse, break off, answer garbage or answer too early; callers that give up.
#include "client_fixture.h"

namespace warmgate::test {
namespace {

using transport::FailureKind;

class ClientFailures : public ClientScenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, ClientFailures, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(ClientFailures, BackendEndsAtEachMomentOfItsResponse) {
  accept_only();
  const std::string head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  const std::string response = head + chunked("hello world", 5, "t: v\r\n");
  size_t connections = 0;
  for (size_t sent = 0; sent <= response.size(); ++sent) {
    for (const bool by_reset : {false, true}) {
      auto call = begin();
      ASSERT_TRUE(loop_.run_until([&] {
        return backend_->accepted() > connections &&
               backend_->last().received().ends_with("\r\n\r\n");
      }));
      ++connections;
      backend_->last().send(response.substr(0, sent));
      by_reset ? backend_->last().reset() : backend_->last().close();
      loop_.run_until_idle();
      ASSERT_TRUE(call->over());
      if (sent == response.size() && !by_reset) {
        ASSERT_TRUE(call->succeeded());
      } else if (call->failure()) {
        ASSERT_TRUE(call->failure()->bytes_sent);
        const bool midway = call->failure()->kind == FailureKind::lost_midway;
        ASSERT_TRUE(midway || call->failure()->kind == FailureKind::lost_early);
        ASSERT_EQ(midway, call->status() != 0) << sent;
        ASSERT_TRUE(by_reset || midway == (sent >= head.size())) << sent;
      } else {
        ASSERT_EQ(sent, response.size());
      }
      ASSERT_EQ(pool_.connections(), 0u);
    }
  }
}

TEST_P(ClientFailures, ResetIsNoEndOfAResponseOfUnknownLength) {
  accept_only();
  for (int i = 0; i < 50; ++i) {
    auto call = begin({.method = "POST", .body = pattern(200'000)});
    ASSERT_TRUE(
        loop_.run_until([&] { return backend_->accepted() == static_cast<size_t>(i + 1); }));
    backend_->last().send("HTTP/1.1 200 OK\r\n\r\n" + pattern(1000));
    loop_.run_for(Duration(loop_.random().below(1'000'000)));
    backend_->last().reset();
    loop_.run_until_idle();
    ASSERT_TRUE(call->failure());
  }
}

TEST_P(ClientFailures, TellsRefusedConnections) {
  const auto result = call();
  ASSERT_TRUE(result->failure());
  EXPECT_EQ(result->failure()->kind, FailureKind::connect_failed);
  EXPECT_FALSE(result->failure()->bytes_sent);
  EXPECT_FALSE(result->failure()->reused_connection);
  EXPECT_EQ(result->failure()->detail, "Connection refused");
  EXPECT_EQ(pool_.stats().failed, 1u);
  EXPECT_EQ(pool_.connections(), 0u);
}

TEST_P(ClientFailures, WithoutAnAddressItFailsButNotAtOnce) {
  pool_.set_addresses({});
  auto call = begin();
  EXPECT_FALSE(call->over());
  loop_.run_until_idle();
  ASSERT_TRUE(call->failure());
  EXPECT_EQ(call->failure()->detail, "no address is known");
}

TEST_P(ClientFailures, ConnectingIsLimitedPerAddress) {
  loop_.set_weather(kBackend, {.black_hole = true});
  loop_.set_weather(kOther, {.black_hole = true});
  pool_.set_addresses({kBackend, kOther});
  const Instant start = loop_.now();
  const auto result = call({.method = "POST", .body = pattern(100'000)});
  ASSERT_TRUE(result->failure());
  EXPECT_EQ(result->failure()->kind, FailureKind::connect_timed_out);
  EXPECT_FALSE(result->failure()->bytes_sent);
  EXPECT_GE(loop_.now(), start + 4s);
  EXPECT_LE(loop_.now(), start + 4100ms);
}

TEST_P(ClientFailures, TriesTheNextAddressAndRemembersIt) {
  loop_.set_weather(kOther, {.black_hole = true});
  pool_.set_addresses({kOther, kBackend});
  answer_all_with("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  auto first = begin(), second = begin();
  loop_.run_until([&] { return first->over() && second->over(); });
  EXPECT_TRUE(first->succeeded() && second->succeeded());
  for (int i = 0; i < 3; ++i) {
    const Instant start = loop_.now();
    EXPECT_TRUE(call()->succeeded());
    EXPECT_LT(loop_.now(), start + 1s) << "the dead address was tried first again";
  }
}

TEST_P(ClientFailures, GarbageIsAProtocolFailure) {
  for (const char* garbage : {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
                              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"}) {
    answer_all_with(garbage);
    const auto result = call();
    ASSERT_TRUE(result->failure()) << garbage;
    EXPECT_EQ(result->failure()->kind, FailureKind::protocol) << garbage;
    EXPECT_EQ(pool_.connections(), 0u);
  }
}

TEST_P(ClientFailures, BytesThatNobodyAskedForEndTheConnection) {
  answer_all_with(kHello + "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(call()->body(), "hello");
  loop_.run_until_idle();
  EXPECT_EQ(pool_.connections(), 0u);
  answer_all_with(kHello);
  EXPECT_EQ(call()->body(), "hello");
  EXPECT_EQ(pool_.idle(), 1u);
  backend_->last().send(kHello);
  loop_.run_until_idle();
  EXPECT_EQ(pool_.connections(), 0u);
}

TEST_P(ClientFailures, RequestThatMeetsTheBackendsCloseSaysThatItWasReused) {
  answer_all_with(kHello);
  call();
  backend_->last().close();
  auto call = begin();  // before the end has arrived
  loop_.run_until_idle();
  ASSERT_TRUE(call->failure());
  EXPECT_EQ(call->failure()->kind, FailureKind::lost_early);
  EXPECT_TRUE(call->failure()->reused_connection);
}

TEST_P(ClientFailures, EarlyAnswerEndsTheRequestAndTheConnection) {
  accept_only();
  auto call = begin({.method = "POST", .body = pattern(5'000'000)});
  loop_.run_until([&] { return backend_->accepted() == 1; });
  backend_->last().pause_reading();
  backend_->last().send("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig");
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(call->status(), 413);
  EXPECT_EQ(call->body(), "big");
  EXPECT_EQ(pool_.connections(), 0u);
}

TEST_P(ClientFailures, CancelledAtAnyMomentItIsSilentAndLeavesNothing) {
  answer_all_with("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
                  chunked(pattern(3000), 100));
  for (int i = 0; i < 100; ++i) {
    auto call = begin();
    call->on_over = [] { FAIL() << "called after cancel()"; };
    if (i % 10 == 0) call->on_head = [&] { call->cancel(); };
    loop_.run_for(Duration(loop_.random().below(300'000)));
    call->cancel();
    loop_.run_until_idle();
    // One that was still being opened serves whoever comes next.
    ASSERT_EQ(pool_.connections(), pool_.idle());
    pool_.set_addresses({});
    loop_.run_until_idle();
    ASSERT_EQ(pool_.connections(), 0u);
    pool_.set_addresses({kBackend});
  }
}

}  // namespace
}  // namespace warmgate::test
