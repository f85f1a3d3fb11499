// Limits of time and number, in virtual time.
#include "server_fixture.h"

namespace warmgate::test {
namespace {

class ServerLimitsScenario : public ServerScenario {
 protected:
  ServerLimitsScenario() {
    start({.head = {},
           .max_connections = 3,
           .header_timeout = 10s,
           .body_timeout = 20s,
           .write_timeout = 30s,
           .keep_alive = 60s});
  }
  // How long it takes from now until the client sees the connection's end; at most an hour.
  Duration time_to_end() {
    const Instant start = loop_.now();
    EXPECT_TRUE(loop_.run_until([&] { return client_->over(); }));
    return loop_.now() - start;
  }
  static void expect_about(Duration actual, Duration expected) {
    EXPECT_GE(actual, expected - 1ms);
    EXPECT_LE(actual, expected + 50ms);
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, ServerLimitsScenario, testing::Range(uint64_t{1}, uint64_t{6}));

TEST_P(ServerLimitsScenario, SilentConnectionEnds) {
  connect();
  expect_about(time_to_end(), 10s);
  EXPECT_EQ(client_->received(), "");
}

TEST_P(ServerLimitsScenario, SlowHeadIsRefusedHoweverItDrips) {
  connect();
  const Instant start = loop_.now();
  const std::string head = get("/hello", "x: " + std::string(1000, 'x') + "\r\n");
  for (size_t i = 0; i < head.size() && client_->received().empty(); ++i) {
    client_->send(head.substr(i, 1));
    loop_.run_for(500ms);
  }
  expect_about(loop_.now() - start, 10500ms);
  loop_.run_until_idle();
  EXPECT_EQ(statuses(client_->received()), "408");
  EXPECT_TRUE(client_->ended());
}

TEST_P(ServerLimitsScenario, IdleConnectionEndsAfterItsKeepAliveTime) {
  exchange(get("/hello"));
  expect_about(time_to_end(), 60s);
  EXPECT_EQ(statuses(client_->received()), "200");
}

TEST_P(ServerLimitsScenario, EachRequestStartsTheKeepAliveTimeAnew) {
  connect();
  for (int i = 0; i < 5; ++i) {
    client_->send(get("/hello"));
    loop_.run_for(50s);
    ASSERT_FALSE(client_->over());
  }
  expect_about(time_to_end(), 10s);
}

TEST_P(ServerLimitsScenario, SecondHeadHasItsOwnTime) {
  exchange(get("/hello"));
  loop_.run_for(30s);
  client_->send("GET");
  expect_about(time_to_end(), 10s);
  EXPECT_EQ(statuses(client_->received()), "200 408");
}

TEST_P(ServerLimitsScenario, BodyMayBeSlowButNotPause) {
  connect();
  client_->send("POST /read HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    loop_.run_for(15s);
    client_->send("x");
  }
  expect_about(time_to_end(), 20s);
  EXPECT_EQ(statuses(client_->received()), "408");
  EXPECT_EQ(application_.gone, 1);
}

TEST_P(ServerLimitsScenario, BodyThatPausesBehindAResponseHeadBreaksTheResponse) {
  connect();
  client_->send("POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhalf");
  expect_about(time_to_end(), 20s);
  EXPECT_EQ(statuses(client_->received()), "200!");
  EXPECT_EQ(application_.gone, 1);
}

TEST_P(ServerLimitsScenario, WaitingForTheApplicationHasNoLimitHere) {
  connect();
  client_->send(post("/stuck", "body") + get("/hello"));
  loop_.run_for(1h);
  EXPECT_FALSE(client_->over());
  EXPECT_EQ(application_.gone, 0);
}

TEST_P(ServerLimitsScenario, ReaderThatStallsIsCutOff) {
  connect();
  client_->pause_reading();
  client_->send(get("/big/5000000"));
  loop_.run_for(29s);
  EXPECT_EQ(application_.gone, 0);
  loop_.run_for(2s);
  EXPECT_EQ(application_.gone, 1);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(ServerLimitsScenario, SlowReaderIsNotCutOff) {
  connect();
  client_->pause_reading();
  client_->send(get("/big/1000000"));
  for (int i = 0; i < 1000 && read_responses(client_->received()).empty(); ++i) {
    loop_.run_for(20s);
    client_->resume_reading();
    client_->pause_reading();
    if (client_->received().ends_with("0\r\n\r\n")) break;
  }
  EXPECT_EQ(application_.gone, 0);
}

// Ended by a close, a truncated response of unknown length would look complete.
TEST_P(ServerLimitsScenario, StalledReaderOfUnknownLengthSeesABreakNotAnEnd) {
  connect();
  client_->pause_reading();
  client_->send("GET /big/5000000 HTTP/1.0\r\n\r\n");
  loop_.run_for(35s);
  EXPECT_EQ(application_.gone, 1);
  client_->resume_reading();
  loop_.run_until_idle();
  EXPECT_TRUE(client_->broken());
  EXPECT_FALSE(client_->ended());
}

TEST_P(ServerLimitsScenario, ConnectionsBeyondTheBoundWait) {
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 5; ++i) {
    peers.push_back(std::make_unique<RawPeer>(loop_, kServerAddress));
    peers.back()->send(get("/hello", "connection: close\r\n"));
  }
  bool exceeded = false;
  loop_.run_until([&] {
    exceeded = exceeded || server_->connections() > 3;
    return false;
  });
  EXPECT_FALSE(exceeded);
  for (const auto& peer : peers) EXPECT_EQ(statuses(peer->received()), "200");
}

TEST_P(ServerLimitsScenario, IdleConnectionsMakeRoomInTheEnd) {
  RawPeer a(loop_, kServerAddress), b(loop_, kServerAddress), c(loop_, kServerAddress);
  loop_.run_until_idle();
  connect();
  client_->send(get("/hello"));
  loop_.run_for(5s);
  EXPECT_EQ(client_->received(), "");
  a.close();
  loop_.run_for(1s);
  EXPECT_EQ(statuses(client_->received()), "200");
}

}  // namespace
}  // namespace warmgate::test
