#include "base/siphash.h"

#include <gtest/gtest.h>

#include <string>

namespace warmgate {
namespace {

// The example of the paper (appendix A), and two of the authors' test vectors.
TEST(KeyedHash, is_siphash_2_4) {
  const HashKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  std::string text;
  for (char c = 0; c < 15; ++c) text += c;
  EXPECT_EQ(keyed_hash(key, text), 0xa129ca6149be45e5ULL);
  EXPECT_EQ(keyed_hash(key, ""), 0x726fdb47dd0e0e31ULL);
  EXPECT_EQ(keyed_hash(key, text.substr(0, 8)), 0x93f5f5799a932462ULL);
}

TEST(KeyedHash, depends_on_both_halves_of_the_key) {
  EXPECT_NE(keyed_hash({1, 2}, "text"), keyed_hash({1, 3}, "text"));
  EXPECT_NE(keyed_hash({1, 2}, "text"), keyed_hash({2, 2}, "text"));
}

}  // namespace
}  // namespace warmgate
