#include "cli/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class LoggingTest : public ::testing::Test {
 protected:
  ~LoggingTest() override { set_log_sink(nullptr); }
};

TEST_F(LoggingTest, JsonLinesAreWhatCloudLoggingReads) {
  EXPECT_EQ(json_log_line(LogLevel::warning, "gateway", "a \"b\"\n", 1'700'000'000.25),
            R"({"severity":"WARNING","time":"2023-11-14T22:13:20.250000Z",)"
            R"("message":"a \"b\"\n","component":"gateway"})");
}

TEST_F(LoggingTest, JsonIsValidWhateverAPeerSent) {
  EXPECT_THAT(json_log_line(LogLevel::error, "http", "\xff", 0), HasSubstr("\xef\xbf\xbd"));
}

TEST_F(LoggingTest, TextSaysWhenWhatAndWho) {
  ::testing::internal::CaptureStderr();
  {
    const Logging logging(false, LogLevel::info);
    log_info("net", "hello {}");
    log(LogLevel::debug, "net", "too fine");
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, EndsWith(" info net: hello {}\n"));
  EXPECT_THAT(text, ContainsRegex("^[0-9]+-[0-9]+-[0-9]+ "));
  EXPECT_THAT(text, Not(HasSubstr("too fine")));
}

TEST_F(LoggingTest, JsonGoesToStandardErrorToo) {
  ::testing::internal::CaptureStderr();
  {
    const Logging logging(true, LogLevel::debug);
    log_error("net", "{}");
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              EndsWith("\"message\":\"{}\",\"component\":\"net\"}\n"));
}

}  // namespace
}  // namespace warmgate::cli
