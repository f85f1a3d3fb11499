#include "workload/csv_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace warmgate::workload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<TraceSummary> inspect(const std::string& text, const TraceCut& cut = {}) {
  std::istringstream in(text);
  return inspect_trace(in, cut);
}

std::string error_of(const std::string& text, const TraceCut& cut = {}) {
  const auto summary = inspect(text, cut);
  return summary.ok() ? "" : summary.error().message;
}

std::vector<Duration> times(const std::string& text, const TraceCut& cut = {},
                            Spacing spacing = Spacing::even, uint64_t seed = 1) {
  const auto summary = inspect(text, cut);
  if (!summary) return {};
  CsvTrace arrivals(std::make_unique<std::istringstream>(text), *summary, cut, spacing, seed);
  std::vector<Duration> all;
  while (const auto at = arrivals.next()) all.push_back(*at);
  return all;
}

TEST(CsvTrace, SendsEachRowAtItsTimeAndIgnoresOtherColumns) {
  EXPECT_THAT(times("t_s,input_tokens,output_tokens\n0,2290,316\n0,4834,173\n1.5,1,1\r\n"),
              ElementsAre(0s, 0s, 1500ms));
  EXPECT_THAT(times("id,\"t_s\"\na,1\nb,3"), ElementsAre(0s, 2s));
}

TEST(CsvTrace, ReadsTimesWithoutAHeader) {
  EXPECT_THAT(times("0\n2\n\n4\n"), ElementsAre(0s, 2s, 4s));
}

TEST(CsvTrace, BeginsAtItsFirstRowWhateverItsClock) {
  EXPECT_THAT(times("t_s\n1700000000.5\n1700000001.25\n"), ElementsAre(0s, 750ms));
}

TEST(CsvTrace, SendsAPartAtAnotherSpeed) {
  const TraceCut cut{.from = 10, .to = 20, .speed = 2};
  EXPECT_THAT(times("t_s\n0\n10\n14\n20\n", cut), ElementsAre(0s, 2s));
  EXPECT_EQ(inspect("t_s\n0\n10\n14\n20\n", cut)->requests, 2u);
}

TEST(CsvTrace, SpreadsBinsEvenly) {
  EXPECT_THAT(times("t_s,count\n0,2\n4,0\n8,1\n"), ElementsAre(1s, 3s, 10s));
}

TEST(CsvTrace, LeavesAMissingBinEmpty) {
  EXPECT_THAT(times("t_s,count\n0,1\n10,1\n60,1\n"), ElementsAre(5s, 15s, 65s));
}

TEST(CsvTrace, SpreadsBinsAtRandomInOrderAndRepeatably) {
  const std::string text = "t_s,count\n0,1000\n10,1000\n";
  const auto all = times(text, {}, Spacing::poisson, 3);
  ASSERT_EQ(all.size(), 2000u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(all, times(text, {}, Spacing::poisson, 3));
  EXPECT_LT(all[999], 10s);
  EXPECT_GE(all[1000], 10s);
  EXPECT_NEAR(to_seconds(all[499]), 5, 0.7);  // the median of a thousand uniform times
}

TEST(CsvTrace, CutsWithinABin) {
  EXPECT_THAT(times("t_s,count\n0,4\n8,4\n", {.from = 4, .to = 10}), ElementsAre(1s, 3s, 5s));
}

TEST(CsvTrace, CountsBadRowsAndNamesTheirLines) {
  const auto summary = inspect("t_s,count\n0,1\nx,2\n5\n6,-1\n7,2.5\nnan,1\n8,1\n");
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->rows, 2u);
  EXPECT_EQ(summary->bad_rows.count(), 5u);
  EXPECT_THAT(
      summary->bad_rows.first(),
      ElementsAre(HasSubstr("line 3: t_s is \"x\""), HasSubstr("line 4: there is no"),
                  HasSubstr("line 5: count is \"-1\""), HasSubstr("line 6"), HasSubstr("line 7")));
}

TEST(CsvTrace, RefusesWhatIsOutOfOrderAndSaysWhatToDo) {
  const std::string error = error_of("t_s\n1\n3\n2\n");
  EXPECT_THAT(error, HasSubstr("line 4"));
  EXPECT_THAT(error, HasSubstr("sort"));
}

TEST(CsvTrace, RefusesABinThatComesTwice) {
  EXPECT_THAT(error_of("t_s,count\n0,3\n0,3\n"), HasSubstr("line 3 of the trace begins a second"));
}

TEST(CsvTrace, RefusesWhatIsEmptyAndSaysWhatToDo) {
  EXPECT_THAT(error_of(""), HasSubstr("first line names the columns"));
  EXPECT_THAT(error_of("t_s\n"), HasSubstr("no rows"));
  EXPECT_THAT(error_of("time,count\n1,2\n"), HasSubstr("no column of it is named t_s"));
  EXPECT_THAT(error_of("t_s\nx\n"), HasSubstr("line 2"));
  EXPECT_THAT(error_of("t_s,count\n0,0\n300,0\n"), HasSubstr("no request"));
  EXPECT_THAT(error_of("t_s\n0\n9\n", {.from = 20}), HasSubstr("widen --from and --to"));
  EXPECT_THAT(error_of("t_s\n0\n99999999\n"), HasSubstr("more than a year"));
}

TEST(CsvTrace, BoundsTheLengthOfALine) {
  const auto summary = inspect("t_s\n1\n2" + std::string(100'000, '0') + "\n3\n");
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->rows, 2u);
  EXPECT_THAT(summary->bad_rows.first(), ElementsAre(HasSubstr("line 3: the line is longer")));
}

}  // namespace
}  // namespace warmgate::workload
