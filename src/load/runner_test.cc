// The runner against a server in the same loop, over real sockets. No test depends on how long
// anything takes.
#include "load/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "load/profile.h"
#include "net/epoll_loop.h"
#include "transport/simple_server.h"

namespace warmgate::load {
namespace {

using transport::Responder;
using transport::SimpleRequest;
using transport::SimpleResponse;

class RunnerTest : public ::testing::Test {
 protected:
  void serve(transport::SimpleHandler handler) {
    server_ = std::make_unique<transport::SimpleServer>(
        loop_, std::move(handler), transport::ServerLimits{}, uint64_t{64} << 20);
    ASSERT_TRUE(server_->listen(*net::Address::parse("127.0.0.1:0")).ok());
    settings_.addresses = {server_->address()};
    settings_.authority = server_->address().to_string();
  }

  void run(const char* profile, Duration abandon_after = 1h) {
    ProfileArrivals arrivals(*parse_profile(profile), Spacing::even, 1);
    Runner runner(loop_, settings_, payloads_, arrivals,
                  {[this](const Outcome& outcome) {
                     ++endings_[outcome.ending];
                     last_pool_ = outcome.pool;
                     last_ = outcome;
                   },
                   [this] { loop_.stop(); }});
    net::Timer abandon(loop_.timers(), [&runner] { runner.abandon(); });
    abandon.arm_after(abandon_after);
    runner.start();
    loop_.run();
    sent_ = runner.sent();
    connections_ = runner.connections();
  }

  net::EpollLoop loop_;
  RunnerSettings settings_;
  std::vector<Payload> payloads_;
  std::unique_ptr<transport::SimpleServer> server_;
  std::map<Ending, int> endings_;
  std::string last_pool_;
  Outcome last_;
  uint64_t sent_ = 0;
  transport::ClientStats connections_;
};

TEST_F(RunnerTest, SendsEveryPayloadInTurnAndChecksTheAnswers) {
  payloads_ = {{.body = "one", .answers = {1}, .labels = {}},
               {.body = std::string(3'000'000, 'x'), .answers = {2}, .labels = {}}};
  settings_.fields = {{"x-test", "yes"}};
  serve([](SimpleRequest request, Responder respond) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.field("X-Test"), "yes");
    const bool first = request.body == "one";
    EXPECT_EQ(request.body.size(), first ? 3u : 3'000'000u);
    // Wrong for every second payload.
    respond({.body = R"({"outputs":[{"data":[1]}]})",
             .fields = {{"warmgate-pool", "always-on"},
                        {"warmgate-instance", "a;age=2000000000.5;served=1"}}});
  });
  run("burst 6");
  EXPECT_EQ(sent_, 6u);
  EXPECT_THAT(endings_, ::testing::UnorderedElementsAre(::testing::Pair(Ending::ok, 3),
                                                        ::testing::Pair(Ending::wrong, 3)));
  EXPECT_EQ(last_pool_, "always-on");
  EXPECT_FALSE(last_.saw_cold_start());
}

TEST_F(RunnerTest, NeverSendsMoreThanItHasConnectionsAndSaysSo) {
  std::vector<Responder> waiting;
  settings_.max_connections = 2;
  serve([&waiting](SimpleRequest, Responder respond) {
    waiting.push_back(respond);
    if (waiting.size() < 2) return;
    for (const Responder& each : waiting) each({});
    waiting.clear();
  });
  run("burst 5");
  EXPECT_EQ(sent_, 2u);
  EXPECT_EQ(endings_[Ending::ok], 2);
  EXPECT_EQ(endings_[Ending::not_sent], 3);
}

TEST_F(RunnerTest, KeepsConnectionsAlive) {
  serve([](SimpleRequest, Responder respond) { respond({}); });
  settings_.max_connections = 1;
  run("100/s for 50ms");
  EXPECT_EQ(endings_[Ending::ok] + endings_[Ending::not_sent], 5);
  EXPECT_EQ(connections_.opened, 1u);
}

TEST_F(RunnerTest, SortsRefusalsByKind) {
  int n = 0;
  serve([&n](SimpleRequest, Responder respond) {
    constexpr uint16_t kStatuses[] = {404, 429, 503, 500, 301};
    SimpleResponse response;
    response.status = kStatuses[n++ % 5];
    respond(response);
  });
  run("burst 5");
  for (Ending ending : {Ending::refused_4xx, Ending::refused_429, Ending::refused_503,
                        Ending::failed_5xx, Ending::redirected}) {
    EXPECT_EQ(endings_[ending], 1) << name(ending);
  }
}

TEST_F(RunnerTest, TellsARefusedConnection) {
  serve([](SimpleRequest, Responder respond) { respond({}); });
  server_.reset();
  run("burst 2");
  EXPECT_EQ(endings_[Ending::connect_failed], 2);
}

TEST_F(RunnerTest, EndsWaitingAtTheTimeLimit) {
  std::vector<Responder> waiting;
  serve([&waiting](SimpleRequest, Responder respond) { waiting.push_back(respond); });
  settings_.timeout = 20ms;
  run("burst 3");
  EXPECT_EQ(endings_[Ending::timed_out], 3);
  EXPECT_GE(last_.latency, 20ms);
}

TEST_F(RunnerTest, CanBeAbandoned) {
  std::vector<Responder> waiting;
  serve([&waiting](SimpleRequest, Responder respond) { waiting.push_back(respond); });
  run("burst 3, quiet 1h, burst 1", 10ms);
  EXPECT_EQ(endings_[Ending::abandoned], 3);
}

}  // namespace
}  // namespace warmgate::load
