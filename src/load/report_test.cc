#include "load/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "load/progress.h"
#include "load/text.h"

namespace warmgate::load {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Outcome answer(std::string_view pool, Duration latency) {
  return {.latency = latency,
          .status = 200,
          .pool = pool,
          .reason = "fits",
          .check = {.checked = true, .rows = 4, .rows_true = 3}};
}

Tally sample() {
  Tally tally(500ms);
  for (int i = 0; i < 8; ++i) tally.add(answer("always-on", 40ms));
  tally.add(answer("serverless", 3s));
  tally.add({.latency = 2ms, .ending = Ending::refused_503, .status = 503});
  return tally;
}

TEST(Report, JsonHoldsAllFigures) {
  const auto report = nlohmann::json::parse(
      report_json(sample(), {.target = "http://a/", .elapsed = 2500ms, .bad_trace_rows = 3}));
  EXPECT_EQ(report["requests"], 10);
  EXPECT_EQ(report["answered"], 10);
  EXPECT_EQ(report["ok"], 9);
  EXPECT_EQ(report["errors"]["total"], 1);
  EXPECT_EQ(report["errors"]["refused_503"], 1);
  EXPECT_EQ(report["errors"]["timed_out"], 0);
  EXPECT_EQ(report["over_slo"], 2);
  EXPECT_DOUBLE_EQ(report["over_slo_share"], 0.2);
  EXPECT_NEAR(report["latency_ms"]["p50"].get<double>(), 40, 1);
  EXPECT_NEAR(report["latency_ms"]["max"].get<double>(), 3000, 1);
  EXPECT_EQ(report["pools"]["always-on"]["answers"], 8);
  EXPECT_EQ(report["reasons"]["fits"], 9);
  EXPECT_EQ(report["label_rows_true"], 27);
  EXPECT_EQ(report["bad_trace_rows"], 3);
}

TEST(Report, JsonIsValidWhateverAServerSays) {
  Tally tally(1s);
  tally.add(answer("\xff\xfe", 1ms));
  EXPECT_TRUE(nlohmann::json::accept(report_json(tally, {})));
  EXPECT_TRUE(nlohmann::json::accept(report_json(Tally(1s), {})));
}

TEST(Report, TableSaysOnlyWhatHappened) {
  const std::string table = report_table(sample(), {.target = "http://a/", .elapsed = 2500ms});
  EXPECT_THAT(table, HasSubstr("10 requests in 2.5 s"));
  EXPECT_THAT(table, HasSubstr("1 503 unavailable"));
  EXPECT_THAT(table, HasSubstr("75.0 % of the labels"));
  EXPECT_THAT(table, HasSubstr("2 (20.0 %) had no good answer within 500ms"));
  EXPECT_THAT(table, Not(HasSubstr("timed out")));
  EXPECT_THAT(table, Not(HasSubstr("interrupted")));
}

TEST(Progress, TellsOfOneSecondAndBeginsAnew) {
  Progress progress;
  progress.add(answer("always-on", 40ms));
  progress.add(answer("serverless", 50ms));
  progress.add({.ending = Ending::timed_out});
  const std::string line = progress.line(12s, 480, 10);
  EXPECT_THAT(line, HasSubstr("12 s  sent 480, in flight 10 | 2 answered, p50"));
  EXPECT_THAT(line, HasSubstr("| always-on 1, serverless 1 | errors 1"));
  EXPECT_THAT(progress.line(13s, 480, 10), HasSubstr("in flight 10 | 0 answered"));
}

TEST(Text, SharesOfNothingAreADash) {
  EXPECT_EQ(format_share(1, 3), "33.3 %");
  EXPECT_EQ(format_share(0, 0), "-");
}

}  // namespace
}  // namespace warmgate::load
