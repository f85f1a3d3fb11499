#include "model/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::model {
namespace {

using testing::HasSubstr;

TEST(Metrics, CountsRequestsByOutcome) {
  Metrics metrics;
  metrics.count(Outcome::ok);
  metrics.count(Outcome::ok);
  metrics.count(Outcome::abandoned);
  const std::string text = render_metrics(metrics, {});
  EXPECT_THAT(text, HasSubstr("warmgate_model_requests_total{outcome=\"ok\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("warmgate_model_requests_total{outcome=\"failed\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("warmgate_model_requests_total{outcome=\"abandoned\"} 1\n"));
}

TEST(Metrics, HistogramBucketsAreCumulative) {
  DurationHistogram histogram;
  histogram.record(1ms);  // a bound belongs to its bucket
  histogram.record(3ms);
  histogram.record(1h);
  std::string text;
  histogram.render("t", text);
  EXPECT_THAT(text, HasSubstr("t_bucket{le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("t_bucket{le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("t_bucket{le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("t_bucket{le=\"300\"} 2\nt_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("t_sum 3600.004\nt_count 3\n"));
}

TEST(Metrics, GaugesAreOfThisMoment) {
  const std::string text = render_metrics(
      {}, {.queued = 2, .in_flight = 3, .workers = 1, .held_pings = 4, .ready = true, .age = 5s});
  EXPECT_THAT(text, HasSubstr("warmgate_model_queue_depth 2\n"));
  EXPECT_THAT(text, HasSubstr("warmgate_model_in_flight 3\n"));
  EXPECT_THAT(text, HasSubstr("warmgate_model_held_pings 4\n"));
  EXPECT_THAT(text, HasSubstr("warmgate_model_ready 1\n"));
  EXPECT_THAT(text, HasSubstr("warmgate_model_instance_age_seconds 5\n"));
}

}  // namespace
}  // namespace warmgate::model
