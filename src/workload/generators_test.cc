#include "workload/generators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace warmgate::workload {
namespace {

using ::testing::HasSubstr;

struct Gaps {
  double mean = 0, cv = 0;
};

Gaps gaps(const ArrivalTimes& times) {
  double sum = 0, squares = 0, before = 0;
  for (const Duration at : times) {
    const double gap = to_seconds(at) - before;
    before = to_seconds(at);
    sum += gap;
    squares += gap * gap;
  }
  const auto n = static_cast<double>(times.size());
  const double mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean) / mean};
}

double count_in(const ArrivalTimes& times, Duration from, Duration to) {
  return static_cast<double>(std::count_if(times.begin(), times.end(),
                                           [&](Duration at) { return at >= from && at < to; }));
}

TEST(Generators, PoissonHasItsRateAndExponentialGaps) {
  const auto times = draw(Poisson{.rate = 5, .length = 10'000s}, 1);
  EXPECT_NEAR(gaps(times).mean, 0.2, 0.004);
  EXPECT_NEAR(gaps(times).cv, 1, 0.03);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_LT(times.back(), 10'000s);
}

TEST(Generators, GammaHasItsVariation) {
  for (const double cv : {0.5, 1.0, 4.0}) {
    const auto found = gaps(draw(GammaRenewal{.rate = 5, .cv = cv, .length = 100'000s}, 2));
    EXPECT_NEAR(found.mean, 0.2, 0.01) << cv;
    EXPECT_NEAR(found.cv / cv, 1, 0.05) << cv;
  }
}

TEST(Generators, MmppIsInEachStateForItsShareOfTheTime) {
  const Mmpp2 model{.low = 1, .high = 20, .mean_low = 90s, .mean_high = 10s, .length = 1'000'000s};
  const auto times = draw(model, 3);
  EXPECT_NEAR(static_cast<double>(times.size()) / 1e6, 0.9 * 1 + 0.1 * 20, 0.1);
  EXPECT_GT(gaps(times).cv, 1.5);
}

TEST(Generators, DiurnalIsLeastAtNight) {
  const auto times = draw(Diurnal{.mean = 2, .swing = 0.9, .length = 48h}, 4);
  EXPECT_NEAR(static_cast<double>(times.size()), 2 * 48 * 3600, 3'000);
  const double night = count_in(times, 23h, 25h) / 7'200;
  const double noon = count_in(times, 11h, 13h) / 7'200;
  EXPECT_NEAR(night, 0.26, 0.08);
  EXPECT_NEAR(noon, 3.74, 0.15);
}

TEST(Generators, AFlashCrowdComesAndGoes) {
  const FlashCrowd model{.base = 2,
                         .peak = 100,
                         .start = 600s,
                         .rise = 10s,
                         .hold = 100s,
                         .fall = 100s,
                         .length = 1000s};
  const auto times = draw(model, 5);
  EXPECT_NEAR(count_in(times, 0s, 600s) / 600, 2, 0.3);
  EXPECT_NEAR(count_in(times, 610s, 710s) / 100, 100, 4);
  EXPECT_NEAR(count_in(times, 710s, 810s) / 100, 51, 4);
  EXPECT_NEAR(count_in(times, 810s, 1000s) / 190, 2, 0.5);
}

TEST(Generators, AreRepeatable) {
  const Mmpp2 model;
  EXPECT_EQ(draw(model, 7), draw(model, 7));
  EXPECT_NE(draw(model, 7), draw(model, 8));
}

TEST(Generators, AWeekHasDaysOffAndPeaksByTheClock) {
  const Weekly calm{.mean = 0.1, .weekend = 0.5};
  Weekly model = calm;
  model.peak = 20;
  model.at = 9h;
  model.hold = 10s;
  model.holiday_at = 7 * 24h;
  model.holiday = 24h;
  const ArrivalTimes base = draw(calm, 1), times = draw(model, 1);
  EXPECT_TRUE(std::ranges::is_sorted(times));
  const auto within = [](const ArrivalTimes& all, Duration from, Duration to) {
    return static_cast<double>(
        std::ranges::count_if(all, [&](Duration at) { return at >= from && at < to; }));
  };
  EXPECT_NEAR(within(times, 9h, 9h + 10s), 200, 50);
  EXPECT_LT(within(times, 9h + 10s, 9h + 1min), 30);
  EXPECT_NEAR(within(times, 5 * 24h + 9h, 5 * 24h + 9h + 10s), 100, 35) << "a Saturday";
  EXPECT_NEAR(within(times, 7 * 24h + 9h, 7 * 24h + 9h + 10s), 100, 35) << "a holiday";
  EXPECT_NEAR(within(times, 8 * 24h + 9h, 8 * 24h + 9h + 10s), 200, 50);
  EXPECT_NEAR(within(base, 0h, 5 * 24h) / within(base, 5 * 24h, 7 * 24h), 5, 0.4);
  model.skip = 1;
  model.holiday = 0h;
  EXPECT_EQ(draw(model, 1), base);
}

TEST(Generators, AreNamed) {
  EXPECT_EQ(*draw_named("poisson:rate=3,length=10m", 1),
            draw(Poisson{.rate = 3, .length = 10min}, 1));
  EXPECT_EQ(*draw_named("flash", 1), draw(FlashCrowd{}, 1));
  EXPECT_EQ(*draw_named("weekly:mean=0,peak=9,every=1h,at=5m,length=2d", 1),
            draw(Weekly{.mean = 0, .peak = 9, .every = 1h, .at = 5min, .length = 48h}, 1));
  EXPECT_EQ(*draw_named("gamma: cv=0.5 , length=1m", 2),
            draw(GammaRenewal{.rate = 1, .cv = 0.5, .length = 1min}, 2));
  EXPECT_THAT(draw_named("weibull:rate=1", 1).error().message, HasSubstr("no generator"));
  EXPECT_THAT(draw_named("poisson:rat=1", 1).error().message, HasSubstr("it has length, rate"));
  EXPECT_THAT(draw_named("poisson:length=5", 1).error().message, HasSubstr("cannot be \"5\""));
  EXPECT_THAT(draw_named("mmpp:low=0,high=0", 1).error().message, HasSubstr("no request"));
}

TEST(TimeDraw, HasTheQuantilesThatWereAskedFor) {
  const TimeDraw draw = TimeDraw::lognormal(100ms, 1s);
  EXPECT_NEAR(to_seconds(draw.quantile(0.5)), 0.1, 1e-6);
  EXPECT_NEAR(to_seconds(draw.quantile(0.99)), 1, 1e-6);
  Prng prng(1);
  std::vector<Duration> all;
  for (int i = 0; i < 100'000; ++i) all.push_back(draw.next(prng));
  std::sort(all.begin(), all.end());
  EXPECT_NEAR(to_seconds(all[50'000]), 0.1, 0.002);
  EXPECT_NEAR(to_seconds(all[99'000]), 1, 0.05);
  EXPECT_NEAR(to_seconds(TimeDraw::exponential(1s).quantile(0.5)), std::log(2.0), 1e-6);
  EXPECT_EQ(TimeDraw::fixed(3s).next(prng), 3s);
}

TEST(TimeDraw, IsUnderstoodOrExplained) {
  EXPECT_EQ(parse_time_draw("250ms")->median(), 250ms);
  EXPECT_NEAR(to_seconds(parse_time_draw("p50=200ms, p99=1s")->quantile(0.99)), 1, 1e-6);
  EXPECT_NEAR(to_seconds(parse_time_draw("exponential:2s")->median()), 2 * std::log(2.0), 1e-6);
  for (const char* bad :
       {"", "0s", "5", "p50=1s", "p50=2s,p99=1s", "exponential:", "p99=1s,p50=1s"}) {
    const auto draw = parse_time_draw(bad);
    ASSERT_FALSE(draw.ok()) << bad;
    EXPECT_THAT(draw.error().message, HasSubstr("p50=200ms,p99=1s"));
  }
}

TEST(Changes, CutFasterAndScaled) {
  const Workload workload =
      with_service(draw(Poisson{.rate = 10, .length = 1000s}, 1), TimeDraw::fixed(1s), 1);
  const auto size = static_cast<double>(workload.size());
  const Workload part = cut(workload, 100s, 200s);
  EXPECT_NEAR(static_cast<double>(part.size()), 1000, 100);
  EXPECT_LT(part.back().at, 100s);
  EXPECT_EQ(faster(workload, 2).back().at, from_seconds(to_seconds(workload.back().at) / 2));
  EXPECT_NEAR(static_cast<double>(scaled(workload, 0.1, 1s, 1).size()), size / 10, size / 50);
  const Workload more = scaled(workload, 2.5, 1s, 1);
  EXPECT_NEAR(static_cast<double>(more.size()), size * 2.5, size / 10);
  EXPECT_TRUE(std::is_sorted(more.begin(), more.end(),
                             [](const Request& a, const Request& b) { return a.at < b.at; }));
}

}  // namespace
}  // namespace warmgate::workload
