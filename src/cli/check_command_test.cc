#include "cli/check_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "cli/exit_status.h"

namespace warmgate::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kValid = "services: [{name: a, always_on: {backends: 'http://x:1'}}]";

struct Printed {
  int status;
  std::string out;
  std::string errors;
};

Printed report(const config::Loaded& loaded, bool json) {
  std::ostringstream out, errors;
  const int status = report_check(loaded, json, out, errors);
  return {status, out.str(), errors.str()};
}

int run(const std::string& arguments) {
  CLI::App app;
  int exit_status = -1;
  add_check_command(app, exit_status);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  app.parse(arguments, false);
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return exit_status;
}

TEST(CheckCommand, ValidPrintsTheWholeConfigurationAndHintsApart) {
  const Printed printed = report(config::load_text(kValid, "f"), false);
  EXPECT_EQ(printed.status, 0);
  EXPECT_THAT(printed.out, HasSubstr("max_attempts: 3"));
  EXPECT_THAT(printed.errors, HasSubstr("hint: f:1:12: services[0]: has no serverless pool"));
}

TEST(CheckCommand, InvalidPrintsErrorsOnly) {
  const Printed printed = report(config::load_text("servces: 1", "f"), false);
  EXPECT_EQ(printed.status, kExitInvalidConfig);
  EXPECT_EQ(printed.out, "");
  EXPECT_THAT(printed.errors, HasSubstr("f:1:1: servces: unknown key"));
}

TEST(CheckCommand, JsonHoldsEverything) {
  EXPECT_THAT(report(config::load_text(kValid, "f"), true).out, HasSubstr("\"valid\": true"));
  const Printed printed = report(config::load_text("servces: 1", "f"), true);
  EXPECT_EQ(printed.status, kExitInvalidConfig);
  EXPECT_THAT(printed.out, HasSubstr("\"valid\": false"));
  EXPECT_EQ(printed.errors, "");
}

TEST(CheckCommand, ExitStatusTellsAMissingFileFromAWrongOne) {
  EXPECT_EQ(run("check -c /nonexistent/warmgate.yaml"), kExitUnreadable);
  EXPECT_EQ(run("check"), kExitUsage);
  EXPECT_EQ(run("check -c /dev/null"), kExitInvalidConfig);
  EXPECT_EQ(run("check --print-schema"), 0);
  EXPECT_EQ(run("check --print-reference"), 0);
}

}  // namespace
}  // namespace warmgate::cli
