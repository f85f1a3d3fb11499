#include "model/instance.h"

#include <gtest/gtest.h>

namespace warmgate::model {
namespace {

TEST(Instance, HeaderSaysAgeAndWork) {
  const Instant start{100s};
  Instance instance("vm-1", start);
  EXPECT_EQ(instance.header(start), "vm-1;age=0.000;served=0");
  instance.count_inference();
  instance.count_inference();
  EXPECT_EQ(instance.header(start + 61'234ms), "vm-1;age=61.234;served=2");
}

TEST(Instance, IdsAreHeaderSafe) {
  EXPECT_TRUE(is_good_instance_id("digits-00001.abc:7_X"));
  for (const char* bad : {"", "a b", "a;b", "a\nb", "a=b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_good_instance_id(bad)) << bad;
  }
  EXPECT_FALSE(is_good_instance_id(std::string(129, 'a')));
}

TEST(Instance, RandomIdsFollowTheRevision) {
  EXPECT_EQ(make_instance_id("", 0xabc), "0000000000000abc");
  EXPECT_EQ(make_instance_id("digits-00001", 0xabc), "digits-00001-0000000000000abc");
  EXPECT_EQ(make_instance_id("odd;revision", 0xabc), "0000000000000abc");
}

}  // namespace
}  // namespace warmgate::model
