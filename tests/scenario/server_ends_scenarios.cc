// Connections that end: who leaves when, and what the other side sees.
#include "server_fixture.h"

namespace warmgate::test {
namespace {

class ServerEnds : public ServerScenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, ServerEnds, seeds());

// An early refusal reaches a client that goes on sending: the server lingers.
TEST_P(ServerEnds, RefusalReachesAClientThatIsStillSending) {
  EXPECT_EQ(statuses(exchange(post("/ignore", pattern(500'000)))), "403");
  EXPECT_TRUE(client_->ended());
  EXPECT_FALSE(client_->broken());
  EXPECT_EQ(statuses(exchange("nonsense\r\n\r\n" + pattern(500'000))), "400");
  EXPECT_FALSE(client_->broken());
}

// What is left of a small body is read and thrown away: its connection serves the next request.
TEST_P(ServerEnds, RefusalOfASmallBodyKeepsTheConnection) {
  const std::string text = exchange(post("/ignore", pattern(40'000)) + post("/early", "ab") +
                                    post("/ignore", pattern(40'000)) + get("/"));
  EXPECT_EQ(statuses(text), "403 200 403 200");
  for (const auto& response : read_responses(text)) EXPECT_TRUE(response.keep_alive);
  EXPECT_FALSE(client_->ended());
}

TEST_P(ServerEnds, RefusalThatEndsTheConnectionSaysSo) {
  for (const std::string& request :
       {post("/ignore", pattern(500'000)), post_chunked("/ignore", pattern(50), "")}) {
    const std::string text = exchange(request);
    EXPECT_EQ(statuses(text), "403");
    EXPECT_FALSE(read_responses(text).at(0).keep_alive);
    EXPECT_TRUE(client_->ended());
  }
}

TEST_P(ServerEnds, RestOfASmallBodyThatDoesNotComeIsNotWaitedForLong) {
  connect();
  client_->send("POST /ignore HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nsome");
  loop_.run_for(1s);
  EXPECT_EQ(statuses(client_->received()), "403");
  EXPECT_EQ(server_->connections(), 1u);
  loop_.run_for(4s);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(ServerEnds, LingeringIsBoundedInBytesAndTime) {
  connect();
  client_->send(post("/ignore", pattern(5'000'000)));
  loop_.run_until_idle();
  EXPECT_TRUE(client_->broken()) << "more than a mebibyte is not waited for";
  connect();
  client_->send("nonsense\r\n\r\n");
  loop_.run_until([&] { return client_->ended(); });
  EXPECT_EQ(server_->connections(), 1u);
  loop_.run_for(3s);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(ServerEnds, AnswerInTheMiddleOfABody) {
  const std::string text = exchange(post("/early", pattern(300'000)));
  EXPECT_EQ(statuses(text), "200");
  EXPECT_TRUE(client_->ended());
  EXPECT_FALSE(client_->broken());
}

TEST_P(ServerEnds, AbortBreaksTheResponse) {
  exchange(get("/abort"));
  EXPECT_TRUE(client_->broken());
  EXPECT_FALSE(client_->ended());
}

TEST_P(ServerEnds, UntilCloseEndsWithTheConnection) {
  const auto responses = read_responses(exchange(get("/until-close")));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].body, "all there is");
  EXPECT_TRUE(client_->ended());
}

// The client leaves after each possible number of bytes of its request; nothing may be left over.
TEST_P(ServerEnds, ClientLeavesAtEachMomentOfItsRequest) {
  const std::string request = post_chunked("/echo", pattern(50), "t: v\r\n");
  for (size_t sent = 0; sent <= request.size(); ++sent) {
    for (const bool by_reset : {false, true}) {
      connect();
      client_->send(request.substr(0, sent));
      loop_.run_for(Duration(loop_.random().below(2'000'000)));
      by_reset ? client_->reset() : client_->close();
      loop_.run_until_idle();
      ASSERT_EQ(application_.open(), 0u) << sent;
      ASSERT_EQ(server_->connections(), 0u) << sent;
    }
  }
}

TEST_P(ServerEnds, ClientLeavesAtEachMomentOfItsResponse) {
  for (int i = 0; i < 200; ++i) {
    connect();
    client_->send(get(i % 2 == 0 ? "/big/200000" : "/sized/100000"));
    if (i % 5 == 0) client_->pause_reading();
    loop_.run_for(Duration(loop_.random().below(3'000'000)));
    i % 3 == 0 ? client_->reset() : client_->close();
    loop_.run_until_idle();
    ASSERT_EQ(application_.open(), 0u);
    ASSERT_EQ(server_->connections(), 0u);
  }
}

TEST_P(ServerEnds, ClientThatLeavesWhileItsAnswerIsAwaitedIsNoticed) {
  connect();
  client_->send(get("/wait"));
  loop_.run_until([&] { return application_.open() == 1; });
  client_->close();
  loop_.run_until_idle();
  EXPECT_EQ(application_.gone, 1);
  EXPECT_EQ(server_->connections(), 0u);
}

// Half-closing counts as leaving only while something is still to be computed.
TEST_P(ServerEnds, ResponseThatIsCompleteReachesAHalfClosedClient) {
  connect();
  client_->pause_reading();
  client_->send(get("/sized/250000"));
  loop_.run_until_idle();
  EXPECT_EQ(application_.open(), 0u) << "all of it fits into the send buffer";
  client_->end_writing();
  loop_.run_until_idle();
  client_->resume_reading();
  loop_.run_until_idle();
  const auto responses = read_responses(client_->received());
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_TRUE(responses[0].body == pattern(250'000));
  EXPECT_TRUE(client_->ended());
  EXPECT_FALSE(client_->broken());
}

TEST_P(ServerEnds, DrainEndsIdleConnectionsAndLetsResponsesFinish) {
  RawPeer idle(loop_, kServerAddress);
  RawPeer served(loop_, kServerAddress);
  served.send(get("/hello"));
  RawPeer busy(loop_, kServerAddress);
  busy.send(get("/wait") + get("/hello"));
  RawPeer half(loop_, kServerAddress);
  half.send("GET /hello HTTP/1.1\r\nho");
  loop_.run_until_idle();
  server_->drain();
  RawPeer late(loop_, kServerAddress);
  loop_.run_until_idle();
  EXPECT_NE(late.connect_error(), 0);
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(served.ended());
  EXPECT_FALSE(busy.over());
  application_.answer_waiting();
  half.send("st: h\r\n\r\n");
  loop_.run_until_idle();
  const auto last = read_responses(busy.received());
  ASSERT_EQ(last.size(), 1u) << "a pipelined request is not begun any more";
  EXPECT_FALSE(last[0].keep_alive);
  EXPECT_TRUE(busy.ended());
  EXPECT_EQ(statuses(half.received()), "200");
  EXPECT_TRUE(half.ended());
  loop_.run_for(3s);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(ServerEnds, DrainEndsAConnectionWhoseLastResponseIsStillOnItsWay) {
  connect();
  client_->pause_reading();
  client_->send(get("/sized/250000"));
  loop_.run_until_idle();
  server_->drain();
  loop_.run_until_idle();
  EXPECT_EQ(server_->connections(), 1u);
  client_->resume_reading();
  loop_.run_until_idle();
  EXPECT_EQ(statuses(client_->received()), "200");
  EXPECT_TRUE(client_->ended());
}

}  // namespace
}  // namespace warmgate::test
