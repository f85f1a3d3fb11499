#include "cli/status_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/sample_snapshot.h"
#include "admin/status_json.h"
#include "cli/status_command.h"

namespace warmgate::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(StatusTable, ShowsWhatMatters) {
  const auto table = status_table(admin::render_status(admin::sample_snapshot()));
  ASSERT_TRUE(table);
  EXPECT_THAT(*table, StartsWith("warmgate 1.2.3, up 90.0 s, ready, 12 connections\n"
                                 "\n"
                                 "digits: SLO 500 ms, prefers serverless\n"));
  EXPECT_THAT(*table, HasSubstr("always-on   warm      health, 1.5 s ago      4          4"));
  EXPECT_THAT(*table, HasSubstr("0 +2 starting\n"));
  EXPECT_THAT(*table, HasSubstr("waiting 3 (oldest 250 ms), demand 12.5 per second"));
  EXPECT_THAT(*table, HasSubstr("cold starts hidden 6, seen 2 (by 11 requests)"));
  EXPECT_THAT(*table, HasSubstr("! http://vm-2:8080 is failing\n"));
  EXPECT_THAT(*table, HasSubstr("! the circuit of http://run.example is open\n"));
  EXPECT_THAT(*table, HasSubstr("! the pools serve different models: versions: always-on says"));
  EXPECT_THAT(*table, HasSubstr("\nidle: SLO 500 ms"));
}

TEST(StatusTable, LetsNobodySteerTheTerminal) {
  admin::Snapshot snapshot = admin::sample_snapshot();
  snapshot.services[0].model_differences = {"name: \x1b[31mred\n"};
  const auto table = status_table(admin::render_status(snapshot));
  ASSERT_TRUE(table);
  EXPECT_THAT(*table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(*table, HasSubstr("name: ?[31mred?\n"));
}

TEST(StatusTable, RefusesOtherDocuments) {
  EXPECT_FALSE(status_table("<html>"));
  EXPECT_FALSE(status_table("{\"version\":1}"));
  EXPECT_FALSE(status_table("[]"));
}

TEST(StatusCommand, UnderstandsAddressesAsPeopleTypeThem) {
  for (const char* text :
       {"127.0.0.1:9901", ":9901", "localhost:9901", "http://127.0.0.1:9901/status"}) {
    const auto address = parse_admin_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), "127.0.0.1:9901");
  }
  EXPECT_FALSE(parse_admin_address("9901x"));
}

TEST(StatusCommand, SaysThatNothingAnswers) {
  const auto status = fetch_status(*net::Address::parse("127.0.0.1:1"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "nothing answers at 127.0.0.1:1; is `warmgate serve` running, and with that --admin "
            "address?");
}

}  // namespace
}  // namespace warmgate::cli
