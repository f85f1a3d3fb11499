#include "http/date.h"

#include <gtest/gtest.h>

#include <ctime>

namespace warmgate::http {
namespace {

TEST(ImfDate, Examples) {
  using std::chrono::seconds;
  using std::chrono::sys_seconds;
  EXPECT_EQ(ImfDate(sys_seconds(seconds(784111777))).view(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ImfDate(sys_seconds(seconds(0))).view(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(ImfDate(sys_seconds(seconds(-1))).view(), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(ImfDate(sys_seconds(seconds(1709210096))).view(), "Thu, 29 Feb 2024 12:34:56 GMT");
}

TEST(ImfDate, AgreesWithStrftime) {
  for (std::time_t time = 0; time < 4'000'000'000; time += 8'765'431) {
    std::tm parts{};
    char text[64];
    gmtime_r(&time, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    EXPECT_EQ(ImfDate(std::chrono::sys_seconds(std::chrono::seconds(time))).view(), text);
  }
}

}  // namespace
}  // namespace warmgate::http
