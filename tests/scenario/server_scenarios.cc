// What a well-behaved client sees, and what a malformed request gets.
#include <gmock/gmock.h>

#include "server_fixture.h"
#include "transport/send_buffer.h"

namespace warmgate::test {
namespace {

using testing::ElementsAre;

INSTANTIATE_TEST_SUITE_P(Seeds, ServerScenario, seeds());

TEST_P(ServerScenario, AnswersAndKeepsTheConnection) {
  connect();
  for (int i = 0; i < 3; ++i) {
    client_->clear_received();
    client_->send(get("/hello"));
    loop_.run_until_idle();
    const auto responses = read_responses(client_->received());
    ASSERT_EQ(responses.size(), 1u);
    EXPECT_EQ(responses[0].status, 200);
    EXPECT_EQ(responses[0].body, "hello");
    EXPECT_TRUE(responses[0].keep_alive);
  }
  EXPECT_FALSE(client_->over());
  EXPECT_EQ(server_->stats().connections, 1u);
  EXPECT_EQ(server_->stats().requests, 3u);
}

TEST_P(ServerScenario, ClosesWhenAsked) {
  const auto responses = read_responses(exchange(get("/hello", "connection: close\r\n")));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_FALSE(responses[0].keep_alive);
  EXPECT_TRUE(client_->ended());
  client_->close();
  loop_.run_until_idle();
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(ServerScenario, AnswersOldClientsWithAnEnd) {
  EXPECT_EQ(statuses(exchange("GET /hello HTTP/1.0\r\n\r\n")), "200");
  EXPECT_TRUE(client_->ended());
  const auto responses = read_responses(exchange("GET /big/100000 HTTP/1.0\r\n\r\n"));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].field("transfer-encoding"), "");
  EXPECT_EQ(responses[0].body, pattern(100'000));
  EXPECT_TRUE(client_->ended());
}

TEST_P(ServerScenario, PipelinedRequestsAreAnsweredInOrder) {
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += post("/echo", "number " + std::to_string(i)) + get("/sized/" + std::to_string(i));
  }
  const auto responses = read_responses(exchange(requests));
  ASSERT_EQ(responses.size(), 40u);
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(responses[2 * i].body, "number " + std::to_string(i));
    EXPECT_EQ(responses[2 * i + 1].body, pattern(i));
  }
}

TEST_P(ServerScenario, PipelinedBigResponsesAreAllRight) {
  std::string requests;
  for (const char* target : {"/big/300000", "/lump/400000", "/sized/500000", "/lump/300000"}) {
    requests += get(target) + post_chunked("/echo", "between");
  }
  const auto responses = read_responses(exchange(requests));
  ASSERT_EQ(responses.size(), 8u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(responses[2 * i].body == pattern(responses[2 * i].body.size()));
    EXPECT_GE(responses[2 * i].body.size(), 300'000u);
    EXPECT_EQ(responses[2 * i + 1].body, "between");
  }
}

TEST_P(ServerScenario, BodiesPassInBothFramings) {
  for (size_t size : {1u, 10u, 5'000u, 400'000u}) {
    const std::string body = pattern(size);
    const auto by_length = read_responses(exchange(post("/echo", body)));
    ASSERT_EQ(by_length.size(), 1u) << size;
    EXPECT_TRUE(by_length[0].complete);
    EXPECT_EQ(by_length[0].field("content-length"), std::to_string(size));
    EXPECT_TRUE(by_length[0].body == body);
    const auto by_chunks = read_responses(exchange(post_chunked("/echo", body)));
    ASSERT_EQ(by_chunks.size(), 1u) << size;
    EXPECT_TRUE(by_chunks[0].complete);
    EXPECT_TRUE(by_chunks[0].body == body);
    EXPECT_FALSE(client_->over());
  }
}

TEST_P(ServerScenario, BodyIsReadWholeBeforeTheAnswer) {
  const auto responses = read_responses(
      exchange(post("/read", pattern(1234)) + post_chunked("/read", pattern(99'999))));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[0].body, "1234");
  EXPECT_EQ(responses[1].body, "99999");
  EXPECT_EQ(application_.ended, 2);
}

TEST_P(ServerScenario, TrailersPass) {
  const auto responses =
      read_responses(exchange(post_chunked("/echo", "x", "checksum: 42\r\nhost: evil\r\n")));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_THAT(responses[0].trailers, ElementsAre(std::pair("checksum", "42")));
}

TEST_P(ServerScenario, ResponsesWithoutABody) {
  const std::string text = exchange("HEAD /sized/1000 HTTP/1.1\r\nhost: h\r\n\r\n" + get("/empty") +
                                    "HEAD /big/1000 HTTP/1.1\r\nhost: h\r\n\r\n" + get("/hello"));
  const auto responses = read_responses(text, {"HEAD", "GET", "HEAD", "GET"});
  ASSERT_EQ(responses.size(), 4u);
  EXPECT_EQ(responses[0].field("content-length"), "1000");
  EXPECT_EQ(responses[1].status, 204);
  EXPECT_EQ(responses[1].field("content-length"), "");
  EXPECT_EQ(responses[3].body, "hello");
}

TEST_P(ServerScenario, InterimResponsesPassButNotToOldClients) {
  EXPECT_EQ(statuses(exchange(get("/interim"))), "103 200");
  EXPECT_EQ(statuses(exchange("GET /interim HTTP/1.0\r\n\r\n")), "200");
}

TEST_P(ServerScenario, ContinueIsSentWhenTheApplicationReads) {
  connect();
  client_->send(
      "POST /read HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
  loop_.run_until_idle();
  EXPECT_EQ(statuses(client_->received()), "100");
  client_->send("body");
  loop_.run_until_idle();
  EXPECT_EQ(statuses(client_->received()), "100 200");
  EXPECT_FALSE(client_->over());
}

TEST_P(ServerScenario, ContinueIsNotSentBeforeARefusal) {
  const std::string text = exchange(
      "POST /ignore HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
  const auto responses = read_responses(text);
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].status, 403);
  EXPECT_FALSE(responses[0].keep_alive);
  EXPECT_TRUE(client_->ended());
}

TEST_P(ServerScenario, BigResponsesWaitForASlowReader) {
  connect();
  client_->pause_reading();
  client_->send(get("/big/2000000"));
  loop_.run_until_idle();
  EXPECT_EQ(application_.open(), 1u) << "held back";
  client_->resume_reading();
  loop_.run_until_idle();
  const auto responses = read_responses(client_->received());
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_TRUE(responses[0].body == pattern(2'000'000));
  EXPECT_EQ(application_.open(), 0u);
}

TEST_P(ServerScenario, EchoIsHeldBackByItsReaderAndBuffersAreBounded) {
  connect();
  client_->pause_reading();
  const std::string body = pattern(3'000'000);
  client_->send(post_chunked("/echo", body));
  loop_.run_until_idle();
  // The server's send buffer, what the network holds, and what was read at once.
  EXPECT_LE(application_.body_bytes, transport::kSendHigh + loop_.settings().capacity + 64 * 1024);
  client_->resume_reading();
  loop_.run_until_idle();
  const auto responses = read_responses(client_->received());
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_TRUE(responses[0].body == body);
}

TEST_P(ServerScenario, BodyThatNobodyReadsStaysWithTheClient) {
  connect();
  client_->send(post("/stuck", pattern(1'000'000)));
  loop_.run_until_idle();
  EXPECT_GE(client_->unsent(), 1'000'000 - 2 * loop_.settings().capacity);
}

TEST_P(ServerScenario, PipeliningIsBoundedWhileAResponseIsAwaited) {
  connect();
  std::string requests = get("/wait");
  for (int i = 0; i < 20'000; ++i) requests += get("/hello");
  client_->send(requests);
  loop_.run_until_idle();
  EXPECT_GE(client_->unsent(), requests.size() - loop_.settings().capacity - 2 * 64 * 1024);
  application_.answer_waiting();
  loop_.run_until_idle();
  EXPECT_EQ(application_.requests.size(), 20'001u);
}

TEST_P(ServerScenario, MalformedRequestsAreRefusedAndTheConnectionEnds) {
  const std::pair<const char*, const char*> cases[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nhost: h\r\nbad name: x\r\n\r\n", "400"},
      {"GET / HTTP/3.0\r\nhost: h\r\n\r\n", "505"},
      {"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: gzip\r\n\r\n", "501"},
  };
  for (const auto& [request, status] : cases) {
    EXPECT_EQ(statuses(exchange(request)), status) << request;
    EXPECT_TRUE(client_->ended()) << request;
    EXPECT_EQ(statuses(exchange(get("/hello") + request + get("/hello"))),
              std::string("200 ") + status)
        << request;
    EXPECT_TRUE(client_->ended()) << request;
  }
  EXPECT_EQ(server_->stats().refused, 2 * std::size(cases));
}

TEST_P(ServerScenario, RefusalAfterAHeadRequestHasItsBody) {
  const auto responses = read_responses(
      exchange("HEAD /hello HTTP/1.1\r\nhost: h\r\n\r\nnonsense\r\n\r\n"), {"HEAD", "GET"});
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[1].status, 400);
  EXPECT_TRUE(responses[1].complete);
  EXPECT_NE(responses[1].body, "");
}

TEST_P(ServerScenario, OversizedHeadsAreRefused) {
  EXPECT_EQ(statuses(exchange(get("/" + std::string(10'000, 'x')))), "414");
  EXPECT_EQ(statuses(exchange(get("/", "x: " + std::string(40'000, 'x') + "\r\n"))), "431");
  std::string many;
  for (int i = 0; i < 200; ++i) many += "x: y\r\n";
  EXPECT_EQ(statuses(exchange(get("/", many))), "431");
}

TEST_P(ServerScenario, MalformedBodyIsRefusedBeforeTheResponseAndBreaksItAfter) {
  const std::string bad =
      "POST /%s HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
  std::string before = bad, after = bad;
  before.replace(before.find("%s"), 2, "read");
  after.replace(after.find("%s"), 2, "echo");
  EXPECT_EQ(statuses(exchange(before)), "400");
  EXPECT_TRUE(client_->ended());
  EXPECT_EQ(application_.gone, 1);
  exchange(after);
  EXPECT_TRUE(client_->over());
  EXPECT_EQ(application_.gone, 2);
}

}  // namespace
}  // namespace warmgate::test
