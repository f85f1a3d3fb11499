#include "gateway/grpc_health.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace warmgate::gateway {
namespace {

std::string text(std::string_view message) {
  const auto service = read_health_request(message);
  return service ? "'" + std::string(*service) + "'" : "no message";
}

TEST(GrpcHealth, TheNameOfAService) {
  EXPECT_EQ(text(""), "''");
  EXPECT_EQ(text("\x0a\x06"
                 "digits"),
            "'digits'");
  EXPECT_EQ(text("\x0a\x01"
                 "a"
                 "\x0a\x02"
                 "bc"),
            "'bc'");
  EXPECT_EQ(text("\x0a\x80\x00"), "no message") << "\\0 ends the literal: the length is cut off";
  EXPECT_EQ(text(std::string_view("\x0a\x81\x00x", 4)), "'x'") << "a longer form of the length 1";
}

TEST(GrpcHealth, OtherFieldsAreSkipped) {
  EXPECT_EQ(text("\x10\x96\x01"
                 "\x0a\x01x"),
            "'x'");  // 2: a varint
  EXPECT_EQ(text("\x11"
                 "12345678"
                 "\x0a\x01x"),
            "'x'");  // 2: eight bytes
  EXPECT_EQ(text("\x15"
                 "1234"
                 "\x0a\x01x"
                 "\x1a\x02yz"),
            "'x'");  // 2: four; 3: a string
  EXPECT_EQ(text("\x0a\x01x"
                 "\xfa\xff\xff\xff\x0f\x01y"),
            "'x'");  // the highest number
}

TEST(GrpcHealth, ANumberIsNoName) {
  EXPECT_EQ(text("\x08\x01"), "''");
}

TEST(GrpcHealth, WhatIsNoMessage) {
  EXPECT_EQ(text("\x0a"), "no message");
  EXPECT_EQ(text("\x0a\x05"
                 "abc"),
            "no message");
  EXPECT_EQ(text("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                 "a"),
            "no message");
  EXPECT_EQ(text("\x0b"), "no message") << "groups";
  EXPECT_EQ(text("\x02\x01x"), "no message") << "there is no field 0";
  EXPECT_EQ(text("\xff"), "no message");
}

TEST(GrpcHealth, AnythingIsReadWithinItsBounds) {
  Prng random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string message;
    const uint64_t size = random.next() % 24;
    for (uint64_t i = 0; i < size; ++i) {
      // Bytes that mean something come often.
      constexpr std::string_view kUsual = "\x0a\x01\x02\x08\x11\x15\x80\xff";
      const uint64_t draw = random.next();
      message.push_back(draw % 2 == 0 ? kUsual[draw / 2 % kUsual.size()]
                                      : static_cast<char>(draw >> 8));
    }
    const auto service = read_health_request(message);
    if (!service || service->empty()) continue;
    ASSERT_GE(service->data(), message.data());
    ASSERT_LE(service->data() + service->size(), message.data() + message.size());
  }
}

}  // namespace
}  // namespace warmgate::gateway
