#include "http/instance_header.h"

#include <gtest/gtest.h>

namespace warmgate::http {
namespace {

TEST(InstanceHeader, RoundTrip) {
  for (Duration age :
       {Duration(0ms), Duration(1ms), Duration(120ms), Duration(12'500ms), Duration(24h * 400)}) {
    const std::string text = format_instance("digits-7f3a", age, 41);
    const auto report = parse_instance(text);
    ASSERT_TRUE(report) << text;
    EXPECT_EQ(report->id, "digits-7f3a");
    EXPECT_EQ(report->age, age) << text;
    EXPECT_EQ(report->served, 41u);
  }
  EXPECT_EQ(format_instance("a", 12'500ms, 3), "a;age=12.5;served=3");
  EXPECT_EQ(format_instance("a", 50ms, 0), "a;age=0.05;served=0");
  EXPECT_EQ(format_instance("a", -1s, 0), "a;age=0;served=0");
}

TEST(InstanceHeader, ToleratesOddities) {
  EXPECT_EQ(parse_instance(" a ; SERVED = 7 ;; x=y;flag; Age=1 ;"),
            (InstanceReport{"a", Duration(1s), 7}));
  EXPECT_EQ(parse_instance("a"), (InstanceReport{"a", {}, {}}));
  EXPECT_EQ(parse_instance("a;age=;served=-1"), (InstanceReport{"a", {}, {}}));
  for (const char* age : {"a;age=-1", "a;age=nan", "a;age=inf", "a;age=1e400", "a;age=1e12",
                          "a;age=99999999999", "a;age=1s", "a;age=0x10"}) {
    EXPECT_EQ(parse_instance(age)->age, std::nullopt) << age;
  }
  EXPECT_EQ(parse_instance("a;served=18446744073709551616")->served, std::nullopt);
}

TEST(InstanceHeader, RefusesWhatIsNoId) {
  EXPECT_FALSE(parse_instance(""));
  EXPECT_FALSE(parse_instance(" ;age=1"));
  EXPECT_FALSE(parse_instance("a b;age=1"));
  EXPECT_FALSE(parse_instance("a\xff"));
  EXPECT_FALSE(parse_instance(std::string(kMaxInstanceId + 1, 'a')));
  EXPECT_TRUE(parse_instance(std::string(kMaxInstanceId, 'a')));
  EXPECT_FALSE(parse_instance("a;" + std::string(kMaxInstanceValue, 'x')));
}

}  // namespace
}  // namespace warmgate::http
