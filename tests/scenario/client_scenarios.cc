// The client pool and its connections against scripted backends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_call.h"
#include "http_text.h"
#include "support/memory_network.h"
#include "support/raw_peer.h"

namespace warmgate::test {
namespace {

using net::Address;
using testing::ElementsAre;
using transport::FailureKind;

const Address kBackend = *Address::from_ip("10.0.0.1", 80);
const Address kOther = *Address::from_ip("10.0.0.2", 80);
const std::string kHello = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

class ClientScenario : public testing::TestWithParam<uint64_t> {
 protected:
  ClientScenario() { pool_.set_addresses({kBackend}); }

  // A backend that answers every GET with the text.
  void answer_all_with(const std::string& response) {
    answer_ = response;
    if (backend_ != nullptr) return;
    backend_ = std::make_unique<RawServer>(loop_, kBackend, [this](RawPeer& peer) {
      if (!peer.received().ends_with("\r\n\r\n")) return;
      last_request_ = peer.received();
      peer.clear_received();
      peer.send(answer_);
    });
  }
  void accept_only() { backend_ = std::make_unique<RawServer>(loop_, kBackend); }
  std::unique_ptr<ClientCall> begin(const ClientCall::Request& request = {}) {
    return std::make_unique<ClientCall>(loop_, pool_, request);
  }
  std::unique_ptr<ClientCall> call(const ClientCall::Request& request = {}) {
    auto call = begin(request);
    EXPECT_TRUE(loop_.run_until([&] { return call->over(); }));
    return call;
  }

  MemoryLoop loop_{GetParam()};
  std::unique_ptr<RawServer> backend_;
  std::string answer_;
  std::string last_request_;
  transport::ClientPool pool_{
      loop_, {.head = {}, .connect_timeout = 2s, .keep_alive = 50s, .max_idle = 4}};
};

INSTANTIATE_TEST_SUITE_P(Seeds, ClientScenario, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(ClientScenario, AsksAndReusesTheConnection) {
  answer_all_with(kHello);
  for (int i = 0; i < 3; ++i) {
    const auto result = call({.target = "/path?q"});
    EXPECT_TRUE(result->succeeded());
    EXPECT_EQ(result->body(), "hello");
    EXPECT_THAT(last_request_, testing::StartsWith("GET /path?q HTTP/1.1\r\n"));
  }
  EXPECT_EQ(backend_->accepted(), 1u);
  EXPECT_EQ(pool_.stats().opened, 1u);
  EXPECT_EQ(pool_.stats().reused, 2u);
  EXPECT_EQ(pool_.idle(), 1u);
}

TEST_P(ClientScenario, UnderstandsEveryFraming) {
  answer_all_with("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
                  chunked(pattern(5000), 777, "t: v\r\n"));
  auto result = call();
  EXPECT_EQ(result->body(), pattern(5000));
  EXPECT_THAT(result->trailers(), ElementsAre(std::pair("t", "v")));
  answer_all_with("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_TRUE(call()->succeeded());
  answer_all_with("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n");
  EXPECT_TRUE(call()->succeeded());
  answer_all_with("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
  EXPECT_TRUE(call({.method = "HEAD"})->succeeded());
  answer_all_with(kHello);
  EXPECT_EQ(call()->body(), "hello") << "the connection is still understood";
  EXPECT_EQ(backend_->accepted(), 1u);
}

TEST_P(ClientScenario, ReadsUntilTheEndWhereNothingElseSaysIt) {
  accept_only();
  auto call = begin();
  loop_.run_until_idle();
  backend_->last().send("HTTP/1.1 200 OK\r\n\r\nall there is");
  backend_->last().end_writing();
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(call->body(), "all there is");
  EXPECT_EQ(pool_.connections(), 0u);
}

TEST_P(ClientScenario, PassesInterimResponses) {
  answer_all_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" +
                  kHello);
  const auto result = call();
  EXPECT_THAT(result->interim(), ElementsAre(100, 103));
  EXPECT_EQ(result->body(), "hello");
}

TEST_P(ClientScenario, SendsBodiesInBothFramings) {
  accept_only();
  const std::string body = pattern(300'000);
  auto by_length = begin({.method = "POST", .body = body});
  loop_.run_until_idle();
  EXPECT_THAT(backend_->last().received(), testing::HasSubstr("ontent-"));
  EXPECT_TRUE(backend_->last().received().ends_with("\r\n\r\n" + body));
  auto by_chunks = begin({.method = "POST", .body = "abc", .chunked = true, .trailer = "v"});
  loop_.run_until_idle();
  EXPECT_TRUE(backend_->last().received().ends_with("\r\n\r\n3\r\nabc\r\n0\r\nt: v\r\n\r\n"))
      << backend_->last().received();
}

TEST_P(ClientScenario, BackendEndsAtEachMomentOfItsResponse) {
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

TEST_P(ClientScenario, ResetIsNoEndOfAResponseOfUnknownLength) {
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

TEST_P(ClientScenario, TellsRefusedConnections) {
  const auto result = call();
  ASSERT_TRUE(result->failure());
  EXPECT_EQ(result->failure()->kind, FailureKind::connect_failed);
  EXPECT_FALSE(result->failure()->bytes_sent);
  EXPECT_FALSE(result->failure()->reused_connection);
  EXPECT_EQ(result->failure()->detail, "Connection refused");
  EXPECT_EQ(pool_.stats().failed, 1u);
  EXPECT_EQ(pool_.connections(), 0u);
}

TEST_P(ClientScenario, WithoutAnAddressItFailsButNotAtOnce) {
  pool_.set_addresses({});
  auto call = begin();
  EXPECT_FALSE(call->over());
  loop_.run_until_idle();
  ASSERT_TRUE(call->failure());
  EXPECT_EQ(call->failure()->detail, "no address is known");
}

TEST_P(ClientScenario, ConnectingIsLimitedPerAddress) {
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

TEST_P(ClientScenario, TriesTheNextAddressAndRemembersIt) {
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

TEST_P(ClientScenario, GarbageIsAProtocolFailure) {
  for (const char* garbage : {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
                              "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"}) {
    answer_all_with(garbage);
    const auto result = call();
    ASSERT_TRUE(result->failure()) << garbage;
    EXPECT_EQ(result->failure()->kind, FailureKind::protocol) << garbage;
    EXPECT_EQ(pool_.connections(), 0u);
  }
}

TEST_P(ClientScenario, BytesThatNobodyAskedForEndTheConnection) {
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

TEST_P(ClientScenario, IdleConnectionsEndByTimeOrByTheBackend) {
  answer_all_with(kHello);
  call();
  loop_.run_for(49s);
  EXPECT_EQ(pool_.idle(), 1u);
  loop_.run_for(2s);
  EXPECT_EQ(pool_.connections(), 0u);
  loop_.run_until_idle();
  EXPECT_TRUE(backend_->last().ended());
  call();
  backend_->last().close();
  loop_.run_until_idle();
  EXPECT_EQ(pool_.connections(), 0u);
}

TEST_P(ClientScenario, AtMostSoManyStayIdle) {
  answer_all_with(kHello);
  std::vector<std::unique_ptr<ClientCall>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(begin());
  loop_.run_until_idle();
  for (const auto& call : calls) EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(backend_->accepted(), 10u);
  EXPECT_EQ(pool_.idle(), 4u);
  EXPECT_EQ(pool_.connections(), 4u);
}

TEST_P(ClientScenario, ConnectsAhead) {
  answer_all_with(kHello);
  pool_.preconnect(3);
  pool_.preconnect(3);
  loop_.run_until_idle();
  EXPECT_EQ(pool_.idle(), 3u);
  pool_.preconnect(100);
  loop_.run_until_idle();
  EXPECT_EQ(pool_.idle(), 4u);
  EXPECT_TRUE(call()->succeeded());
  EXPECT_EQ(backend_->accepted(), 4u);
  EXPECT_EQ(pool_.stats().reused, 0u) << "nothing was served on it before";
}

TEST_P(ClientScenario, ClosesIdleConnectionsToAddressesThatAreGone) {
  answer_all_with(kHello);
  call();
  auto busy = begin();
  pool_.set_addresses({kOther});
  EXPECT_EQ(pool_.idle(), 0u);
  loop_.run_until([&] { return busy->over(); });
  EXPECT_TRUE(busy->succeeded()) << "what is in use goes on";
}

TEST_P(ClientScenario, RequestThatMeetsTheBackendsCloseSaysThatItWasReused) {
  answer_all_with(kHello);
  call();
  backend_->last().close();
  auto call = begin();  // before the end has arrived
  loop_.run_until_idle();
  ASSERT_TRUE(call->failure());
  EXPECT_EQ(call->failure()->kind, FailureKind::lost_early);
  EXPECT_TRUE(call->failure()->reused_connection);
}

TEST_P(ClientScenario, EarlyAnswerEndsTheRequestAndTheConnection) {
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

TEST_P(ClientScenario, SlowReaderHoldsTheBackendBack) {
  accept_only();
  auto call = begin();
  call->on_head = [&] { call->pause(); };
  loop_.run_until([&] { return backend_->accepted() == 1; });
  const std::string body = pattern(2'000'000);
  backend_->last().send("HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + body);
  loop_.run_until_idle();
  EXPECT_GE(backend_->last().unsent(), body.size() - 2 * loop_.settings().capacity);
  EXPECT_LE(call->body().size(), loop_.settings().capacity);
  call->read_slowly(1ms);
  call->resume();
  loop_.run_until([&] { return call->over(); });
  EXPECT_TRUE(call->body() == body);
}

TEST_P(ClientScenario, BackendThatDoesNotReadHoldsTheRequestBack) {
  accept_only();
  auto call = begin({.method = "POST", .body = pattern(5'000'000), .chunked = true});
  loop_.run_until([&] { return backend_->accepted() == 1; });
  backend_->last().pause_reading();
  loop_.run_until_idle();
  backend_->last().resume_reading();
  loop_.run_until_idle();
  EXPECT_TRUE(backend_->last().received().ends_with("0\r\n\r\n"));
  EXPECT_GT(backend_->last().received().size(), 5'000'000u);
  backend_->last().send(kHello);
  loop_.run_until([&] { return call->over(); });
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(pool_.idle(), 1u);
}

TEST_P(ClientScenario, CancelledAtAnyMomentItIsSilentAndLeavesNothing) {
  answer_all_with("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
                  chunked(pattern(3000), 100));
  for (int i = 0; i < 100; ++i) {
    auto call = begin();
    call->on_over = [] { FAIL() << "called after cancel()"; };
    if (i % 10 == 0) call->on_head = [&] { call->cancel(); };
    loop_.run_for(Duration(loop_.random().below(300'000)));
    call->cancel();
    loop_.run_until_idle();
    ASSERT_EQ(pool_.connections(), 0u);
  }
}

TEST_P(ClientScenario, CallsMayBeginWithinTheEndOfAnother) {
  answer_all_with(kHello);
  auto first = begin();
  std::unique_ptr<ClientCall> second;
  first->on_over = [&] { second = begin(); };
  loop_.run_until_idle();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->body(), "hello");
  EXPECT_EQ(backend_->accepted(), 1u);
}

}  // namespace
}  // namespace warmgate::test
