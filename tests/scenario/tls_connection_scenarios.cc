// HTTP over TLS: the same client pool and server as in clear text, on streams that encrypt.
#include "client_call.h"
#include "echo_application.h"
#include "tls_fixture.h"
#include "transport/client_pool.h"
#include "transport/server.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;
using transport::FailureKind;

class TlsConnections : public TlsScenario {
 protected:
  TlsConnections() {
    const CertificateFiles files = authority_.issue();
    auto opened = net::TlsServer::open(loop_, {.identities = {{files.certificate, files.key}}});
    tls_ = std::move(*opened);
    pool_.set_addresses({kTlsAddress});
  }
  void serve(const transport::ServerLimits& limits = {}) {
    http_ = std::make_unique<transport::Server>(loop_, application_, limits);
    http_->use_tls(tls_.get());
    ASSERT_TRUE(http_->listen(kTlsAddress, transport::Server::Security::tls));
  }
  std::unique_ptr<ClientCall> call(const ClientCall::Request& request) {
    auto call = std::make_unique<ClientCall>(loop_, pool_, request);
    EXPECT_TRUE(loop_.run_until([&] { return call->over(); }));
    return call;
  }

  EchoApplication application_;
  net::TlsClient client_ = make_client();
  transport::ClientPool pool_{
      loop_, {.head = {}, .connect_timeout = 2s, .keep_alive = 50s, .max_idle = 4}, &client_};
  std::unique_ptr<transport::Server> http_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, TlsConnections, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(TlsConnections, CarryRequestsOfEverySizeOnOneConnection) {
  serve();
  for (int i = 0; i < 30; ++i) {
    const std::string body = pattern(loop_.random().below(uint64_t{1} << loop_.random().below(21)));
    const auto echo = call({.method = "POST", .target = "/echo", .body = body, .chunked = true});
    ASSERT_TRUE(echo->succeeded());
    ASSERT_TRUE(echo->body() == body);
    const size_t size = loop_.random().below(300'000);
    const auto big = call({.target = "/big/" + std::to_string(size)});
    ASSERT_TRUE(big->body() == pattern(size));
  }
  EXPECT_EQ(pool_.stats().opened, 1u);
  EXPECT_EQ(pool_.stats().reused, 59u);
}

TEST_P(TlsConnections, ManyAtOnceResumeOneSession) {
  serve();
  ASSERT_TRUE(call({.target = "/hello"})->succeeded());
  std::vector<std::unique_ptr<ClientCall>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(
        std::make_unique<ClientCall>(loop_, pool_, ClientCall::Request{.target = "/big/100000"}));
    if (i % 3 == 0) calls.back()->read_slowly(2ms);
  }
  loop_.run_until_idle();
  for (const auto& each : calls) {
    ASSERT_TRUE(each->over() || loop_.run_until([&] { return each->over(); }));
    ASSERT_TRUE(each->succeeded());
  }
  EXPECT_GE(client_.stats().resumed, 1u);
  EXPECT_EQ(client_.stats().full + client_.stats().resumed, pool_.stats().opened);
}

TEST_P(TlsConnections, AreOpenedAhead) {
  serve();
  pool_.preconnect(3);
  loop_.run_until_idle();
  EXPECT_EQ(pool_.idle(), 3u);
  EXPECT_EQ(client_.stats().full, 3u) << "no session could be known yet";
  ASSERT_TRUE(call({.target = "/hello"})->succeeded());
  EXPECT_EQ(pool_.stats().opened, 3u);
}

TEST_P(TlsConnections, AnIdleCloseIsNoticedAndTheNextRequestOpensAnother) {
  transport::ServerLimits limits;
  limits.keep_alive = 1s;
  serve(limits);
  ASSERT_TRUE(call({.target = "/hello"})->succeeded());
  EXPECT_EQ(pool_.idle(), 1u);
  loop_.run_for(2s);
  EXPECT_EQ(pool_.idle(), 0u);
  ASSERT_TRUE(call({.target = "/hello"})->succeeded());
  EXPECT_EQ(client_.stats().resumed, 1u);
}

TEST_P(TlsConnections, ABodyUntilTheEndIsCompleteOnlyWithACloseNotify) {
  serve();
  const auto whole = call({.target = "/until-close"});
  EXPECT_TRUE(whole->succeeded());
  EXPECT_EQ(whole->body(), "all there is");
}

TEST_P(TlsConnections, WhatFailsInTheHandshakeIsAConnectFailure) {
  serve();
  net::TlsClient wrong = make_client("other.example");
  transport::ClientPool pool(loop_, {}, &wrong);
  pool.set_addresses({kTlsAddress});
  int told = 0;
  pool.on_problem([&] { ++told; });
  ClientCall refused(loop_, pool, {.method = "POST", .body = "precious"});
  ASSERT_TRUE(loop_.run_until([&] { return refused.over(); }));
  ASSERT_TRUE(refused.failure());
  EXPECT_EQ(refused.failure()->kind, FailureKind::connect_failed);
  EXPECT_FALSE(refused.failure()->bytes_sent);
  EXPECT_THAT(refused.failure()->detail, HasSubstr("is not for other.example"));
  EXPECT_THAT(pool.connect_problem(), HasSubstr("is not for other.example"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(application_.requests.size(), 0u);
}

// The server of these scenarios speaks either, and so do their pools.
class TlsProtocols : public TlsConnections {
 protected:
  void make_pool(transport::ClientProtocol protocol, net::TlsClient& client) {
    transport::ClientLimits limits;
    limits.protocol = protocol;
    either_ = std::make_unique<transport::ClientPool>(loop_, limits, &client);
    either_->set_addresses({kTlsAddress});
  }
  std::unique_ptr<ClientCall> begin(ClientCall::Request request) {
    return std::make_unique<ClientCall>(loop_, *either_, request);
  }

  std::unique_ptr<transport::ClientPool> either_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, TlsProtocols, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(TlsProtocols, OneHandshakeTellsWhatIsSpoken) {
  serve();
  make_pool(transport::ClientProtocol::automatic, client_);
  std::vector<std::unique_ptr<ClientCall>> calls;
  const std::string body = pattern(400'000);
  for (int i = 0; i < 20; ++i) {
    calls.push_back(begin({.method = "POST", .target = "/echo", .body = body, .trailer = "v"}));
  }
  calls[7]->cancel();
  loop_.run_until_idle();
  for (int i = 0; i < 20; ++i) {
    if (i == 7) continue;
    ASSERT_TRUE(calls[i]->succeeded());
    ASSERT_TRUE(calls[i]->body() == body);
  }
  EXPECT_EQ(either_->stats().opened, 1u);
  EXPECT_EQ(either_->stats().opened_h2, 1u);
  EXPECT_EQ(client_.stats().full, 1u);
  EXPECT_EQ(http_->stats().h2_requests, 19u);
}

TEST_P(TlsProtocols, AnUpgradeGetsAConnectionOfHttp1) {
  serve();
  make_pool(transport::ClientProtocol::automatic, client_);
  const auto plain = begin({.target = "/hello"});
  const auto upgrade = begin({.target = "/hello", .need = transport::ClientPool::Need::http1});
  loop_.run_until_idle();
  EXPECT_TRUE(plain->succeeded());
  EXPECT_TRUE(upgrade->succeeded());
  EXPECT_EQ(either_->stats().opened, 2u);
  EXPECT_EQ(either_->stats().opened_h2, 1u);
}

TEST_P(TlsProtocols, AheadOfTheFirstRequestOneConnectionIsEnough) {
  serve();
  make_pool(transport::ClientProtocol::automatic, client_);
  either_->preconnect(5);
  loop_.run_until_idle();
  EXPECT_EQ(either_->idle(), 1u);
  const auto call = begin({.target = "/hello"});
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(either_->stats().opened, 1u);
}

TEST_P(TlsProtocols, OnlyHttp1WhereThatIsAskedFor) {
  serve();
  make_pool(transport::ClientProtocol::http1, client_);
  const auto call = begin({.target = "/hello"});
  loop_.run_until_idle();
  EXPECT_TRUE(call->succeeded());
  EXPECT_EQ(http_->stats().h2_requests, 0u);
}

TEST_P(TlsProtocols, HttpsIsTheSchemeThere) {
  serve();
  make_pool(transport::ClientProtocol::h2, client_);
  const auto call = begin({.method = "POST", .target = "/echo", .body = pattern(100'000)});
  loop_.run_until_idle();
  EXPECT_TRUE(call->body() == pattern(100'000));
  EXPECT_EQ(http_->stats().h2_requests, 1u);
}

// Until the handshake is done nothing of the request is on the wire, whatever breaks.
TEST_P(TlsConnections, AResetIsAConnectFailureAsLongAsTheHandshakeLasts) {
  serve();
  size_t before = 0, after = 0;
  for (size_t bytes = 0; bytes < 3'000; bytes += 1 + loop_.random().below(60)) {
    for (const bool towards_server : {true, false}) {
      Weather weather;
      (towards_server ? weather.reset_after_sent : weather.reset_after_received) = bytes;
      loop_.set_weather(kTlsAddress, weather);
      net::TlsClient client = make_client();  // knows no session: handshakes are alike
      transport::ClientPool pool(loop_, {}, &client);
      pool.set_addresses({kTlsAddress});
      ClientCall broken(loop_, pool, {.method = "POST", .target = "/echo", .body = pattern(5'000)});
      ASSERT_TRUE(loop_.run_until([&] { return broken.over(); }));
      if (!broken.failure()) continue;
      const bool connected = pool.stats().opened == 1;
      ASSERT_EQ(broken.failure()->bytes_sent, connected) << bytes;
      ASSERT_EQ(broken.failure()->kind == FailureKind::connect_failed, !connected) << bytes;
      ASSERT_EQ(client.stats().failed, connected ? 0u : 1u) << bytes;
      ASSERT_FALSE(broken.failure()->detail.empty());
      ++(connected ? after : before);
    }
  }
  EXPECT_GT(before, 5u);
  EXPECT_GT(after, 5u);
}

TEST_P(TlsConnections, AServerThatSaysNothingIsGivenUpInTime) {
  RawServer silent(loop_, kTlsAddress);
  const Instant begin = loop_.now();
  const auto call_failed = call({.target = "/hello"});
  ASSERT_TRUE(call_failed->failure());
  EXPECT_EQ(call_failed->failure()->kind, FailureKind::connect_timed_out);
  EXPECT_THAT(call_failed->failure()->detail, HasSubstr("TLS handshake was not complete in time"));
  EXPECT_FALSE(call_failed->failure()->bytes_sent);
  EXPECT_LT(loop_.now() - begin, 2100ms);
}

TEST_P(TlsConnections, AClientThatNeverEndsItsHandshakeIsClosed) {
  transport::ServerLimits limits;
  limits.header_timeout = 3s;
  serve(limits);
  RawPeer slow(loop_, kTlsAddress);
  slow.send(std::string_view("\x16\x03\x01\x02", 4));
  loop_.run_for(2900ms);
  EXPECT_EQ(http_->connections(), 1u);
  loop_.run_for(200ms);
  EXPECT_EQ(http_->connections(), 0u);
  EXPECT_TRUE(slow.over());
}

TEST_P(TlsConnections, ADrainLetsResponsesEndProperly) {
  serve();
  ClientCall running(loop_, pool_, {.target = "/big/2000000"});
  ASSERT_TRUE(loop_.run_until([&] { return running.status() == 200; }));
  http_->drain();
  ASSERT_TRUE(loop_.run_until([&] { return running.over(); }));
  EXPECT_TRUE(running.succeeded());
  loop_.run_for(3s);
  EXPECT_EQ(http_->connections(), 0u);
}

}  // namespace
}  // namespace warmgate::test
