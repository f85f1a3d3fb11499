// What the corpus under tests/conformance/http1 cannot show: the decoder's steps themselves.
#include "http/body_decoder.h"

#include <gtest/gtest.h>

#include <string>

namespace warmgate::http {
namespace {

using Status = BodyDecoder::Status;

static_assert(sizeof(BodyDecoder) < 100, "it lives in every connection");

TEST(BodyDecoder, DataIsAViewIntoTheInput) {
  BodyDecoder decoder;
  decoder.begin(Framing::chunked, 0);
  const std::string input = "3\r\nabc\r\n0\r\n\r\nNEXT";
  const auto step = decoder.next(input);
  EXPECT_EQ(step.status, Status::data);
  EXPECT_EQ(step.data.data(), input.data() + 3);
  EXPECT_EQ(step.data, "abc");
  EXPECT_EQ(step.consumed, 6u);
  const auto last = decoder.next(std::string_view(input).substr(6));
  EXPECT_EQ(last.status, Status::complete);
  EXPECT_EQ(last.consumed, input.size() - 6 - 4);
}

TEST(BodyDecoder, KnownLengthIsCompleteWithItsLastByte) {
  BodyDecoder decoder;
  decoder.begin(Framing::length, 3);
  EXPECT_EQ(decoder.next("ab").data, "ab");
  EXPECT_FALSE(decoder.complete());
  EXPECT_EQ(decoder.next("").status, Status::need_more);
  const auto step = decoder.next("cd");
  EXPECT_EQ(step.data, "c");
  EXPECT_EQ(step.consumed, 1u);
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(decoder.next("d").status, Status::complete);
  EXPECT_EQ(decoder.next("d").consumed, 0u);
}

TEST(BodyDecoder, NoBodyIsCompleteAtOnce) {
  BodyDecoder decoder;
  decoder.begin(Framing::none, 0);
  EXPECT_TRUE(decoder.complete());
  decoder.begin(Framing::length, 0);
  EXPECT_TRUE(decoder.complete());
  EXPECT_TRUE(decoder.end_of_input());
}

TEST(BodyDecoder, EndOfInputCutsOffWhatHasALength) {
  BodyDecoder decoder;
  decoder.begin(Framing::until_close, 0);
  EXPECT_EQ(decoder.next("xyz").data, "xyz");
  EXPECT_FALSE(decoder.complete());
  EXPECT_TRUE(decoder.end_of_input());
  EXPECT_TRUE(decoder.complete());
  decoder.begin(Framing::length, 1);
  EXPECT_FALSE(decoder.end_of_input());
  decoder.begin(Framing::chunked, 0);
  EXPECT_FALSE(decoder.end_of_input());
}

TEST(BodyDecoder, ErrorIsFinalUntilBegin) {
  BodyDecoder decoder;
  decoder.begin(Framing::chunked, 0);
  EXPECT_EQ(decoder.next("x").status, Status::error);
  EXPECT_EQ(decoder.next("1\r\n").status, Status::error);
  EXPECT_FALSE(decoder.end_of_input());
  EXPECT_EQ(decoder.error().status, 400);
  decoder.begin(Framing::chunked, 0);
  EXPECT_EQ(decoder.next("1\r\nx").data, "x");
  EXPECT_STREQ(decoder.error().detail, "");
}

TEST(BodyDecoder, TrailersOutliveTheInputAndMoveWithTheDecoder) {
  BodyDecoder decoder;
  decoder.begin(Framing::chunked, 0);
  {
    std::string input = "0\r\nGrpc-Status: 0\r\nGrpc-Me";
    EXPECT_EQ(decoder.next(input).status, Status::need_more);
    input.assign(input.size(), '#');
  }
  EXPECT_EQ(decoder.next("ssage: fine\r\n\r\n").status, Status::complete);
  const BodyDecoder moved = std::move(decoder);
  ASSERT_EQ(moved.trailers().size(), 2u);
  EXPECT_EQ(moved.trailers()[0].value, "0");
  EXPECT_EQ(moved.trailers()[1].name, "Grpc-Message");
  EXPECT_EQ(moved.trailers()[1].value, "fine");
}

}  // namespace
}  // namespace warmgate::http
