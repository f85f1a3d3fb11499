// SimpleServer: whole requests, answers at once or later, answers that never come.
#include "server_fixture.h"
#include "transport/simple_server.h"

namespace warmgate::test {
namespace {

using transport::Responder;
using transport::SimpleRequest;

class SimpleServerScenario : public testing::TestWithParam<uint64_t> {
 protected:
  SimpleServerScenario() { EXPECT_TRUE(server_->listen(kServerAddress)); }

  void handle(SimpleRequest request, Responder respond) {
    ++requests_;
    if (request.path() == "/now") {
      const auto tag = request.field("X-Tag");
      return respond(
          {201, "text/plain", request.body + std::string(tag.value_or("")), {{"x", "y"}}});
    }
    if (request.path() == "/later") later_.push_back(std::move(respond));
  }
  std::string exchange(const std::string& request) {
    client_ = std::make_unique<RawPeer>(loop_, kServerAddress);
    client_->send(request);
    loop_.run_until_idle();
    return client_->received();
  }

  MemoryLoop loop_{GetParam()};
  std::vector<Responder> later_;
  int requests_ = 0;
  std::unique_ptr<transport::SimpleServer> server_ = std::make_unique<transport::SimpleServer>(
      loop_,
      [this](SimpleRequest r, Responder respond) { handle(std::move(r), std::move(respond)); },
      transport::ServerLimits(), 1000);
  std::unique_ptr<RawPeer> client_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, SimpleServerScenario, testing::Range(uint64_t{1}, uint64_t{6}));

TEST_P(SimpleServerScenario, HandsOverWholeRequests) {
  const auto responses = read_responses(exchange(post("/now?q", "body", "x-tag: tag\r\n") +
                                                 post_chunked("/now", pattern(900)) + get("/now")));
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(responses[0].status, 201);
  EXPECT_EQ(responses[0].field("content-type"), "text/plain");
  EXPECT_EQ(responses[0].field("x"), "y");
  EXPECT_EQ(responses[0].body, "bodytag");
  EXPECT_EQ(responses[1].body, pattern(900));
  EXPECT_EQ(responses[2].body, "");
}

TEST_P(SimpleServerScenario, RefusesBodiesThatAreTooLarge) {
  EXPECT_EQ(statuses(exchange(post("/now", pattern(1001)))), "413");
  EXPECT_FALSE(client_->ended()) << "that little is read and thrown away";
  EXPECT_EQ(statuses(exchange(post_chunked("/now", pattern(200'000)))), "413");
  EXPECT_TRUE(client_->ended());
  EXPECT_EQ(requests_, 0);
}

TEST_P(SimpleServerScenario, AnswersLaterAndOnlyOnce) {
  EXPECT_EQ(exchange(post("/later", "x") + get("/now")), "");
  later_[0]({200, "text/plain", "late", {}});
  later_[0]({200, "text/plain", "again", {}});
  loop_.run_until_idle();
  EXPECT_EQ(statuses(client_->received()), "200 201");
}

TEST_P(SimpleServerScenario, NoAnswerIsAnAnswerToo) {
  EXPECT_EQ(statuses(exchange(get("/forgotten") + get("/now"))), "500 201");
}

TEST_P(SimpleServerScenario, AnswerToAClientThatLeftIsIgnored) {
  exchange(get("/later"));
  client_->close();
  loop_.run_until_idle();
  EXPECT_EQ(server_->connections(), 0u);
  later_[0]({200, "text/plain", "late", {}});
}

TEST_P(SimpleServerScenario, RespondersAndHalfRequestsMayOutliveTheServer) {
  exchange(get("/later"));
  const auto first = std::move(client_);
  exchange(get("/later"));
  const auto second = std::move(client_);
  exchange("POST /later HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nx");
  server_.reset();
  later_[0]({200, "text/plain", "late", {}});
  later_.clear();
  loop_.run_until_idle();
  EXPECT_EQ(first->received() + second->received(), "");
}

}  // namespace
}  // namespace warmgate::test
