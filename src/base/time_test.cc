#include "base/time.h"

#include <gtest/gtest.h>

namespace warmgate {
namespace {

TEST(Time, DurationsAreReadWithTheirUnitsAndWrittenTheSame) {
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0"), 0s);
  for (const char* text : {"500", "5 s", "s", "1x", "", "-1s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  const Duration lengths[] = {1ns, 250us, 1500ms, 90s, 26h};
  for (const Duration length : lengths) {
    const std::string text = format_duration(length);
    EXPECT_EQ(parse_duration(text), length) << text;
  }
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(-3s), "-3s");
}

TEST(Time, LatenciesHaveThreeDigits) {
  EXPECT_EQ(format_latency(412us), "0.41 ms");
  EXPECT_EQ(format_latency(34200us), "34.2 ms");
  EXPECT_EQ(format_latency(342ms), "342 ms");
  EXPECT_EQ(format_latency(999400us), "999 ms");
  EXPECT_EQ(format_latency(999900us), "1.00 s");
  EXPECT_EQ(format_latency(3051ms), "3.05 s");
  EXPECT_EQ(format_latency(30500ms), "30.5 s");
  EXPECT_EQ(format_latency(300s), "300 s");
}

}  // namespace
}  // namespace warmgate
