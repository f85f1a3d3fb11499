#include <gtest/gtest.h>

#include "base/prng.h"
#include "stats/decayed_rate.h"
#include "stats/ewma.h"
#include "stats/recent_quantile.h"

namespace warmgate::stats {
namespace {

TEST(Ewma, starts_as_a_plain_average_and_then_forgets) {
  Ewma average(0.1);
  EXPECT_TRUE(average.empty());
  average.add(10);
  average.add(20);
  EXPECT_DOUBLE_EQ(average.value(), 15);
  for (int i = 0; i < 200; ++i) average.add(100);
  EXPECT_NEAR(average.value(), 100, 0.001);
}

TEST(Ewma, stays_between_the_least_and_the_greatest_sample) {
  Prng prng(3);
  Ewma average(0.05);
  for (int i = 0; i < 1000; ++i) {
    average.add(5 + prng.uniform());
    ASSERT_GE(average.value(), 5);
    ASSERT_LE(average.value(), 6);
  }
}

TEST(DecayedRate, finds_the_rate_and_lets_it_fall) {
  DecayedRate rate(2s);
  Instant now{};
  for (int i = 0; i < 2000; ++i) {
    now += 10ms;
    rate.add(now);
  }
  EXPECT_NEAR(rate.per_second(now), 100, 1);
  EXPECT_NEAR(rate.per_second(now + 2s), 100 / std::exp(1.0), 1);
  EXPECT_LT(rate.per_second(now + 1min), 1e-9);
}

TEST(DecayedRate, a_step_is_seen_to_63_percent_after_one_window) {
  DecayedRate rate(2s);
  Instant now{};
  for (int i = 0; i < 200; ++i) {
    now += 10ms;
    rate.add(now);
  }
  EXPECT_NEAR(rate.per_second(now), 63, 1);
}

TEST(RecentQuantile, agrees_with_sorting_the_window_after_every_sample) {
  Prng prng(7);
  RecentQuantile window(20);
  std::vector<Duration> all;
  for (int i = 0; i < 500; ++i) {
    all.push_back(std::chrono::milliseconds(prng.below(50)));  // many equal ones
    window.add(all.back());
    std::vector<Duration> last(all.end() - std::min<std::ptrdiff_t>(20, std::ssize(all)),
                               all.end());
    std::sort(last.begin(), last.end());
    EXPECT_EQ(window.at(0), last.front());
    EXPECT_EQ(window.at(0.5), last[(last.size() + 1) / 2 - 1]) << "after sample " << i;
    EXPECT_EQ(window.at(1), last.back());
  }
}

TEST(RecentQuantile, is_exact_over_its_window) {
  RecentQuantile window(100);
  EXPECT_EQ(window.at(0.5, 7s), 7s);
  for (int i = 1; i <= 100; ++i) window.add(std::chrono::milliseconds(i));
  EXPECT_EQ(window.at(0.5), 50ms);
  EXPECT_EQ(window.at(0.95), 95ms);
  EXPECT_EQ(window.at(0), 1ms);
  EXPECT_EQ(window.at(1), 100ms);
}

TEST(RecentQuantile, forgets_what_left_the_window) {
  RecentQuantile window(64);
  for (int i = 0; i < 64; ++i) window.add(1s);
  EXPECT_EQ(window.at(0.5), 1s);
  for (int i = 0; i < 64; ++i) window.add(1ms);
  EXPECT_EQ(window.at(1), 1ms);
  EXPECT_EQ(window.held(), 64u);
  EXPECT_EQ(window.samples(), 128u);
}

TEST(RecentQuantile, among_those_above_a_floor) {
  RecentQuantile window(16);
  for (const auto value : {1s, 2s, 10s}) window.add(value);
  EXPECT_EQ(window.at_above(0.5, 1s, 0s), 2s);
  EXPECT_EQ(window.at_above(0.9, 1s, 0s), 10s);
  EXPECT_EQ(window.at_above(0.9, 10s, 42s), 42s);
}

}  // namespace
}  // namespace warmgate::stats
