#include "serverless/stored_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/head_parser.h"

namespace warmgate::serverless {
namespace {

using ::testing::ElementsAre;

// Stores the head of `text`, whose bytes are gone when the result is looked at.
std::unique_ptr<StoredHead> store(std::string text) {
  http::HeadParser parser;
  http::RequestHead head;
  EXPECT_EQ(parser.parse_request(text, head), http::ParseStatus::complete) << parser.error().detail;
  auto stored = std::make_unique<StoredHead>(head, *net::Address::from_ip("192.0.2.7", 4000));
  text.assign(text.size(), '#');
  return stored;
}

std::vector<std::string> fields(const StoredHead& head) {
  std::vector<std::string> result;
  for (const http::Field& field : head.outgoing().fields) {
    result.push_back(std::string(field.name) + ": " + std::string(field.value));
  }
  return result;
}

TEST(StoredHead, KeepsWhatIsForTheInstance) {
  auto head = store(
      "POST /infer?x=1 HTTP/1.1\r\nHost: model.example\r\nAccept: a/b\r\nContent-Length: 12\r\n"
      "Expect: 100-continue\r\nX-One: 1\r\n\r\n");
  EXPECT_TRUE(head->has_body());
  const transport::OutgoingRequest request = head->outgoing();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/infer?x=1");
  EXPECT_EQ(request.authority, "model.example");
  EXPECT_EQ(request.length.bytes, 12u);
  EXPECT_THAT(fields(*head), ElementsAre("Accept: a/b", "X-One: 1", "X-Forwarded-For: 192.0.2.7",
                                         "X-Forwarded-Proto: http"));
}

TEST(StoredHead, DropsWhatBelongsToTheConnection) {
  auto head = store(
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
      "TE: trailers\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
  EXPECT_FALSE(head->has_body());
  EXPECT_THAT(fields(*head),
              ElementsAre("X-Forwarded-For: 10.0.0.1, 192.0.2.7", "X-Forwarded-Proto: https"));
}

}  // namespace
}  // namespace warmgate::serverless
