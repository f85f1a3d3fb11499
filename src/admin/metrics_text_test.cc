#include "admin/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "admin/exposition_check.h"

namespace warmgate::admin {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(MetricsText, WritesAFamily) {
  MetricsText text;
  text.family("requests_total", MetricType::counter, "All of them.");
  text.sample({{"pool", "always-on"}, {"code", "2xx"}}, 3);
  text.sample({}, 1.5);
  EXPECT_EQ(text.take(),
            "# HELP requests_total All of them.\n# TYPE requests_total counter\n"
            "requests_total{pool=\"always-on\",code=\"2xx\"} 3\nrequests_total 1.5\n");
}

TEST(MetricsText, EscapesWhatCouldEndALine) {
  MetricsText text;
  text.family("a", MetricType::gauge, "back\\slash\nand line");
  text.sample({{"x", "quote\" back\\ line\n"}}, 1);
  const std::string written = text.take();
  EXPECT_THAT(written, HasSubstr("# HELP a back\\\\slash\\nand line\n"));
  EXPECT_THAT(written, HasSubstr("a{x=\"quote\\\" back\\\\ line\\n\"} 1\n"));
  EXPECT_THAT(ExpositionCheck(written).problems(), IsEmpty());
}

TEST(MetricsText, WritesNumbersThatAreNone) {
  MetricsText text;
  text.family("a", MetricType::gauge, "A.");
  text.sample({{"x", "1"}}, std::numeric_limits<double>::quiet_NaN());
  text.sample({{"x", "2"}}, -std::numeric_limits<double>::infinity());
  const std::string written = text.take();
  EXPECT_THAT(written, HasSubstr("a{x=\"1\"} NaN\n"));
  EXPECT_THAT(written, HasSubstr("a{x=\"2\"} -Inf\n"));
}

TEST(MetricsText, HistogramsAreCumulativeAndReachPastFiveMinutes) {
  stats::LatencyHistogram values;
  values.record(500us);
  values.record(20ms);
  values.record(400s);
  values.record(30min);
  MetricsText text;
  text.family("t_seconds", MetricType::histogram, "T.");
  text.histogram({{"pool", "x"}}, values);
  const ExpositionCheck check(text.take());
  EXPECT_THAT(check.problems(), IsEmpty());
  EXPECT_EQ(check.value("t_seconds_bucket{pool=\"x\",le=\"0.001\"}"), 1);
  EXPECT_EQ(check.value("t_seconds_bucket{pool=\"x\",le=\"0.025\"}"), 2);
  EXPECT_EQ(check.value("t_seconds_bucket{pool=\"x\",le=\"300\"}"), 2);
  EXPECT_EQ(check.value("t_seconds_bucket{pool=\"x\",le=\"600\"}"), 3);
  EXPECT_EQ(check.value("t_seconds_bucket{pool=\"x\",le=\"+Inf\"}"), 4);
  EXPECT_EQ(check.value("t_seconds_count{pool=\"x\"}"), 4);
  EXPECT_NEAR(check.value("t_seconds_sum{pool=\"x\"}"), 2200.02, 0.01);
}

TEST(MetricsText, SummariesHaveQuantiles) {
  MetricsText text;
  text.family("s", MetricType::summary, "S.");
  text.quantile({{"pool", "x"}}, 0.99, 0.25);
  text.count({{"pool", "x"}}, 7);
  const std::string written = text.take();
  EXPECT_THAT(written, HasSubstr("s{pool=\"x\",quantile=\"0.99\"} 0.25\ns_count{pool=\"x\"} 7\n"));
  EXPECT_THAT(ExpositionCheck(written).problems(), IsEmpty());
}

}  // namespace
}  // namespace warmgate::admin
