// The checker that the other tests lean on must itself find what is wrong.
#include "admin/exposition_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::admin {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kGauge = "# HELP a A.\n# TYPE a gauge\n";
constexpr const char* kHistogram = "# HELP h H.\n# TYPE h histogram\n";

std::vector<std::string> problems(const std::string& text) {
  return ExpositionCheck(text).problems();
}

TEST(ExpositionCheck, TakesWhatIsRight) {
  EXPECT_THAT(problems(std::string(kGauge) + "a{x=\"1\"} 2\na{x=\"\\\\ \\\" \\n\"} NaN\na 1e+21\n"),
              IsEmpty());
  EXPECT_THAT(problems(std::string(kHistogram) +
                       "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"),
              IsEmpty());
}

TEST(ExpositionCheck, FindsWhatIsWrong) {
  const std::string gauge = kGauge, histogram = kHistogram;
  EXPECT_THAT(problems("a 1\n"), Contains(HasSubstr("no sample of the family")));
  EXPECT_THAT(problems(gauge + "a 1\na 1\n"), Contains(HasSubstr("twice: a 1")));
  EXPECT_THAT(problems(gauge + gauge), Contains(HasSubstr("stands here twice")));
  EXPECT_THAT(problems(gauge + "a{x=\"1} 2\n"), Contains(HasSubstr("bad labels")));
  EXPECT_THAT(problems(gauge + "a{x=\"\\q\"} 2\n"), Contains(HasSubstr("bad labels")));
  EXPECT_THAT(problems(gauge + "a{x=\"1\",x=\"2\"} 2\n"), Contains(HasSubstr("bad labels")));
  EXPECT_THAT(problems(gauge + "a 1,5\n"), Contains(HasSubstr("no number")));
  EXPECT_THAT(problems(gauge + "a 1"), Contains(HasSubstr("no end")));
  EXPECT_THAT(problems("# HELP c C.\n# TYPE c counter\n"), Contains(HasSubstr("end in _total")));
  EXPECT_THAT(problems(histogram + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n"),
              Contains(HasSubstr("not cumulative")));
  EXPECT_THAT(problems(histogram + "h_bucket{le=\"1\"} 1\nh_count 1\n"),
              Contains(HasSubstr("+Inf is not all")));
}

}  // namespace
}  // namespace warmgate::admin
