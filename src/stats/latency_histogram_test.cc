#include "stats/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/prng.h"

namespace warmgate::stats {
namespace {

TEST(LatencyHistogram, empty_is_zero) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.quantile(0.99), 0s);
  EXPECT_EQ(histogram.mean(), 0s);
  EXPECT_EQ(histogram.min(), 0s);
}

TEST(LatencyHistogram, quantiles_are_within_the_stated_error_over_nine_orders_of_magnitude) {
  Prng prng(1);
  LatencyHistogram histogram;
  std::vector<Duration> exact;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = from_seconds(std::pow(10.0, -6 + 9.3 * prng.uniform()));
    histogram.record(value);
    exact.push_back(value);
  }
  std::sort(exact.begin(), exact.end());
  for (const double q : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const Duration truth = exact[static_cast<size_t>(std::ceil(q * 20'000)) - 1];
    const Duration error = std::chrono::abs(histogram.quantile(q) - truth);
    EXPECT_LE(to_seconds(error), std::max(to_seconds(truth) / 64, 1e-6) * 1.001) << q;
  }
  EXPECT_EQ(histogram.min(), exact.front());
  EXPECT_EQ(histogram.max(), exact.back());
}

TEST(LatencyHistogram, reaches_past_300_seconds_and_is_clamped_at_the_ends) {
  LatencyHistogram histogram;
  histogram.record(400s);
  EXPECT_NEAR(to_seconds(histogram.quantile(0.5)), 400, 400.0 / 64);
  histogram.record(24h);
  histogram.record(-1s);
  EXPECT_EQ(histogram.max(), LatencyHistogram::kLongest);
  EXPECT_EQ(histogram.min(), 0s);
  EXPECT_EQ(histogram.count(), 3u);
}

TEST(LatencyHistogram, merge_is_the_same_as_recording_in_one) {
  Prng prng(2);
  LatencyHistogram one, other, both;
  for (int i = 0; i < 1000; ++i) {
    const Duration value = from_seconds(prng.exponential(0.1));
    (i % 2 == 0 ? one : other).record(value);
    both.record(value);
  }
  one.merge(other);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.sum(), both.sum());
  EXPECT_EQ(one.quantile(0.9), both.quantile(0.9));
  EXPECT_TRUE(std::equal(one.buckets().begin(), one.buckets().end(), both.buckets().begin()));
}

TEST(LatencyHistogram, bucket_bounds_follow_one_another) {
  for (size_t i = 0; i + 1 < LatencyHistogram::kBuckets; ++i) {
    ASSERT_LT(LatencyHistogram::lower_bound(i), LatencyHistogram::lower_bound(i + 1));
  }
}

TEST(LatencyHistogram, counts_what_is_below_a_limit) {
  LatencyHistogram histogram;
  histogram.record(10ms, 5);
  histogram.record(1s, 3);
  EXPECT_EQ(histogram.count_up_to(500ms), 5u);
  EXPECT_EQ(histogram.count_up_to(2s), 8u);
  EXPECT_EQ(histogram.count_up_to(1ms), 0u);
}

}  // namespace
}  // namespace warmgate::stats
