#include "config/size.h"

#include <gtest/gtest.h>

namespace warmgate::config {
namespace {

TEST(Size, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("32MiB"), 32u << 20);
  EXPECT_EQ(parse_size("1.5 KiB"), 1536u);
  EXPECT_EQ(parse_size("10MB"), 10'000'000u);
  EXPECT_EQ(parse_size("512b"), 512u);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(Size, RefusesWhatIsUnclear) {
  for (const char* text :
       {"", "32", "32M", "MiB", "-1MiB", "1.3B", "1e3KiB", "99999999TiB", "1 2B", " 1B", "nanB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Size, FormatsWhatItReads) {
  EXPECT_EQ(format_size(32u << 20), "32MiB");
  EXPECT_EQ(format_size(1'000), "1000B");
  for (uint64_t bytes : {0ull, 1ull, 1023ull, 1024ull, 1536ull, 1ull << 40, 5ull << 30}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
}

}  // namespace
}  // namespace warmgate::config
