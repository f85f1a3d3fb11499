#include "http/sse.h"

#include <gtest/gtest.h>

#include <string>

namespace warmgate::http {
namespace {

// Feeds the text in two pieces at every point: the answer must be the same.
bool sees_event(std::string_view text) {
  FirstEventScanner whole;
  const bool seen = whole.feed(text);
  for (size_t at = 0; at <= text.size(); ++at) {
    FirstEventScanner scanner;
    scanner.feed(text.substr(0, at));
    EXPECT_EQ(scanner.feed(text.substr(at)), seen) << text << " split at " << at;
  }
  FirstEventScanner slow;
  for (char c : text) slow.feed({&c, 1});
  EXPECT_EQ(slow.seen(), seen) << text;
  return seen;
}

TEST(FirstEventScanner, SeesData) {
  EXPECT_TRUE(sees_event("data: x"));
  EXPECT_TRUE(sees_event("data:x\n\n"));
  EXPECT_TRUE(sees_event("event: token\nid: 1\ndata: {\"a\":1}\n\n"));
  EXPECT_TRUE(sees_event(": hello\r\n\r\ndata: x\r\n\r\n"));
  EXPECT_TRUE(sees_event(": hello\r\rdata: x\r\r"));
  EXPECT_TRUE(sees_event("data:\ndata: \n\ndata: x\n"));
  EXPECT_TRUE(
      sees_event("\xef\xbb\xbf"
                 "data: x\n"));
}

TEST(FirstEventScanner, DoesNotSeeAnythingElse) {
  EXPECT_FALSE(sees_event(""));
  EXPECT_FALSE(sees_event(": ping\n\n: data: x\n\n"));
  EXPECT_FALSE(sees_event("data:\n\ndata: \r\n\r\ndata\n\n"));
  EXPECT_FALSE(sees_event("event: data: x\nid: 7\nretry: 10\n\n"));
  EXPECT_FALSE(sees_event(" data: x\n"));
  EXPECT_FALSE(sees_event("Data: x\n"));
  EXPECT_FALSE(sees_event("datax: x\ndata : x\n"));
  EXPECT_FALSE(
      sees_event("\n\xef\xbb\xbf"
                 "data: x\n"));
  EXPECT_FALSE(
      sees_event("\xef\xbb"
                 "data: x\n"));
}

}  // namespace
}  // namespace warmgate::http
