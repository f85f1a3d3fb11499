#include "sim/scale_window.h"

#include <gtest/gtest.h>

namespace warmgate::sim {
namespace {

constexpr Instant kStart{24h};

// Demand as a function of time, looked at each second from `from` to `to`.
double mean_at_end(ScaleWindow& window, int from, int to, double& integral, double demand) {
  double mean = 0;
  for (int second = from + 1; second <= to; ++second) {
    integral += demand;
    mean = window.mean(kStart + second * 1s, integral);
  }
  return mean;
}

TEST(ScaleWindow, is_the_mean_of_the_last_minute) {
  ScaleWindow window(60s);
  EXPECT_EQ(window.tick(), 1s);
  double integral = 0;
  EXPECT_NEAR(mean_at_end(window, 0, 30, integral, 8), 4, 1e-9);  // nothing before
  EXPECT_NEAR(mean_at_end(window, 30, 60, integral, 8), 8, 1e-9);
  EXPECT_NEAR(mean_at_end(window, 60, 75, integral, 0), 6, 1e-9);
  EXPECT_NEAR(mean_at_end(window, 75, 300, integral, 2), 2, 1e-9);
}

TEST(ScaleWindow, time_that_was_left_out_had_no_demand) {
  ScaleWindow window(60s);
  double integral = 0;
  mean_at_end(window, 0, 60, integral, 6);
  EXPECT_NEAR(mean_at_end(window, 90, 91, integral, 6), (6 * 29 + 6) / 60.0, 1e-9);
  EXPECT_NEAR(mean_at_end(window, 100'000, 100'001, integral, 6), 6 / 60.0, 1e-9);
}

}  // namespace
}  // namespace warmgate::sim
