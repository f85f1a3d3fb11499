// What the corpus under tests/conformance/http1 cannot show: limits, reuse, and the cost of pieces.
#include "http/head_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace warmgate::http {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HeadParser, ViewsPointIntoTheInput) {
  const std::string input = std::string(kGet) + "rest";
  HeadParser parser;
  RequestHead head;
  ASSERT_EQ(parser.parse_request(input, head), ParseStatus::complete);
  EXPECT_EQ(parser.consumed(), kGet.size());
  EXPECT_EQ(head.target.data(), input.data() + 4);
  EXPECT_EQ(head.authority.data(), input.data() + kGet.size() - 5);
}

TEST(HeadParser, MovedBytesAreParsedWhereTheyAreNow) {
  HeadParser parser;
  RequestHead head;
  {
    const std::string first(kGet.substr(0, 20));
    ASSERT_EQ(parser.parse_request(first, head), ParseStatus::need_more);
  }
  const std::string all(kGet);
  ASSERT_EQ(parser.parse_request(all, head), ParseStatus::complete);
  EXPECT_EQ(head.method_text.data(), all.data());
  EXPECT_EQ(head.fields.find(FieldName::host)->value, "a");
}

TEST(HeadParser, ResetForgetsTheHeadBefore) {
  HeadParser parser;
  RequestHead head;
  ASSERT_EQ(parser.parse_request("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", head),
            ParseStatus::complete);
  parser.reset();
  ASSERT_EQ(parser.parse_request("bad\r\n", head), ParseStatus::error);
  parser.reset();
  ASSERT_EQ(parser.parse_request(kGet, head), ParseStatus::complete);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_EQ(head.content_length, 0u);
  EXPECT_EQ(head.fields.size(), 1u);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_STREQ(parser.error().detail, "");
}

TEST(HeadParser, LimitsAreExact) {
  RequestHead head;
  const auto parse = [&head](HeadLimits limits, std::string_view bytes) {
    HeadParser parser(limits);
    return parser.parse_request(bytes, head) == ParseStatus::complete ? 0 : parser.error().status;
  };
  EXPECT_EQ(parse({.max_bytes = kGet.size()}, kGet), 0);
  EXPECT_EQ(parse({.max_bytes = kGet.size() - 1}, kGet), 431);
  EXPECT_EQ(parse({.max_target = 1}, kGet), 0);
  EXPECT_EQ(parse({.max_target = 1}, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  EXPECT_EQ(parse({.max_fields = 1}, kGet), 0);
  EXPECT_EQ(parse({.max_fields = 0}, kGet), 431);
  EXPECT_EQ(parse({.max_fields = 1000}, kGet), 0);
}

TEST(HeadParser, SmallPiecesOfALongHeadStayCheap) {
  // 30 KB byte by byte: quadratic work would look at 450 million bytes, far beyond this test's
  // time.
  const std::string head_text =
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(30'000, 'x') + "\r\n\r\n";
  HeadParser parser;
  RequestHead head;
  for (int round = 0; round < 50; ++round) {
    parser.reset();
    for (size_t size = 1; size < head_text.size(); ++size) {
      ASSERT_EQ(parser.parse_request({head_text.data(), size}, head), ParseStatus::need_more);
    }
    ASSERT_EQ(parser.parse_request(head_text, head), ParseStatus::complete);
  }
}

TEST(HeadParser, ResponseKeepsTheLengthOfABodyThatDoesNotCome) {
  HeadParser parser;
  ResponseHead head;
  ASSERT_EQ(
      parser.parse_response("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", Method::head, head),
      ParseStatus::complete);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_TRUE(head.declares_length);
  EXPECT_EQ(head.content_length, 7u);
}

}  // namespace
}  // namespace warmgate::http
