#include "base/pen.h"

#include <gtest/gtest.h>

#include <string>

namespace warmgate {
namespace {

template <class Put>
std::string written(Put put) {
  std::string room(256, '#');
  Pen pen(room.data());
  put(pen);
  const auto size = static_cast<size_t>(pen.at() - room.data());
  EXPECT_EQ(room.substr(size), std::string(256 - size, '#')) << "wrote beyond its text";
  return room.substr(0, size);
}

TEST(Pen, numbers_are_those_of_the_standard_library) {
  for (uint64_t value : {0ull, 9ull, 10ull, 42ull, 99ull, 100ull, 101ull, 999ull, 1'000ull,
                         12'345ull, 18'446'744'073'709'551'615ull}) {
    std::string text;
    append_with_pen(text, Pen::kNumber, [&](Pen& pen) { pen.put_number(value); });
    EXPECT_EQ(text, std::to_string(value));
  }
}

TEST(Pen, texts_of_every_length) {
  const std::string all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  for (size_t size = 0; size <= all.size(); ++size) {
    const std::string text = all.substr(0, size);
    EXPECT_EQ(written([&](Pen& pen) { pen.put(std::string_view(text)); }), text);
  }
  EXPECT_EQ(written([](Pen& pen) {
              pen.put("a literal");
              pen.put(',');
              pen.put("");
              pen.put(" and one more");
            }),
            "a literal, and one more");
}

TEST(Pen, numbers) {
  EXPECT_EQ(written([](Pen& pen) { pen.put_number(0); }), "0");
  EXPECT_EQ(written([](Pen& pen) { pen.put_number(UINT64_MAX); }), "18446744073709551615");
  EXPECT_EQ(written([](Pen& pen) { pen.put_digits<3>(7); }), "007");
}

TEST(Pen, hexadecimal_digits) {
  EXPECT_EQ(written([](Pen& pen) { pen.put_hex(0x0123456789abcdef); }), "0123456789abcdef");
  EXPECT_EQ(written([](Pen& pen) { pen.put_hex(0xfedcba9876543210); }), "fedcba9876543210");
  EXPECT_EQ(written([](Pen& pen) { pen.put_hex(0xff); }), "00000000000000ff");
}

TEST(Pen, decimals_have_all_their_places) {
  EXPECT_EQ(written([](Pen& pen) { pen.put_decimal<3>(1234); }), "1.234");
  EXPECT_EQ(written([](Pen& pen) { pen.put_decimal<3>(4); }), "0.004");
  EXPECT_EQ(written([](Pen& pen) { pen.put_decimal<6>(12'000'050); }), "12.000050");
  const std::string longest = written([](Pen& pen) { pen.put_decimal<6>(UINT64_MAX); });
  EXPECT_EQ(longest, "18446744073709.551615");
  EXPECT_LE(longest.size(), Pen::kDecimal);
}

}  // namespace
}  // namespace warmgate
