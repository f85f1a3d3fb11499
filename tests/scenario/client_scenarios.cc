// The client pool and its connections with backends that behave.
#include "client_fixture.h"

namespace warmgate::test {
namespace {

using testing::ElementsAre;

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
