// What recurs by the clock: learned, believed, disbelieved, and acted on.
#include "policy/seasonal_peaks.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

constexpr Duration kWindow = 500ms;
constexpr Duration kLead = 20s;
constexpr double kLeast = 1.5;  // per second: two within a window are more
constexpr double kEver = 0.05;  // the least chance that is worth a wake in these tests

// A clock, and who looks ahead whenever it is time to.
class Looker {
 public:
  Looker() { peaks_.arrived(Instant{0s}); }
  void until(Duration at) {
    while (peaks_.due() <= Instant{at}) look(peaks_.due());
  }
  void crowd(Duration at, uint32_t requests) {
    until(at);
    if (peaks_.called_per_s(Instant{at}) > 0) ++met_;
    for (uint32_t i = 0; i < requests; ++i) peaks_.arrived(Instant{at});
  }
  // Calls since the last time that it was asked.
  uint32_t calls() { return std::exchange(calls_, 0u); }
  uint32_t met() { return std::exchange(met_, 0u); }
  SeasonalPeaks& peaks() { return peaks_; }
  double called_per_s = 0;
  Duration called_at{};

 private:
  void look(Instant now) {
    const bool before = peaks_.calls(now);
    peaks_.look(now, kLead, kLeast, [](double, double chance) { return chance > kEver; });
    if (before || !peaks_.calls(now)) return;
    ++calls_;
    called_per_s = peaks_.called_per_s(now);
    called_at = now.time_since_epoch();
  }

  SeasonalPeaks peaks_{kWindow};
  uint32_t calls_ = 0, met_ = 0;
};

TEST(SeasonalPeaks, what_came_in_each_of_three_hours_is_called_for_before_the_fourth) {
  Looker looker;
  for (int hour = 1; hour <= 3; ++hour) {
    looker.crowd(hour * 1h, 30);
    EXPECT_EQ(looker.calls(), 0u) << hour;
  }
  looker.until(4h);
  EXPECT_EQ(looker.calls(), 1u);
  EXPECT_EQ(looker.called_at, 4h - kLead);
  EXPECT_NEAR(looker.called_per_s, 30 / (1.5 * to_seconds(kWindow)), 4) << "40, on the scale of it";
  looker.until(4h + 50min);
  EXPECT_EQ(looker.calls(), 0u) << "the rest of the hour is quiet";
}

TEST(SeasonalPeaks, an_even_stream_is_known_without_a_clock) {
  Looker looker;
  for (Duration at = 1s; at < 48h; at += 2s) looker.crowd(at, 1);
  EXPECT_EQ(looker.calls(), 0u) << "a request in a window is 1.3 a second at once";
  Looker more;
  for (Duration at = 1s; at < 12h; at += 2s) more.crowd(at, 2);
  EXPECT_EQ(more.calls(), 0u) << "the minutes before have seen it";
}

// Each day at nine but on the two days off: the day misleads, the week does not.
TEST(SeasonalPeaks, days_off_are_learned_by_the_week) {
  Looker looker;
  uint32_t met = 0, missed = 0, in_vain = 0;
  for (int day = 0; day < 8 * 7; ++day) {
    const bool off = day % 7 >= 5;
    looker.until(day * 24h + 9h - 1min);
    looker.calls();
    if (off) {
      looker.until(day * 24h + 10h);
      if (day >= 35) in_vain += looker.calls();
    } else {
      looker.crowd(day * 24h + 9h, 30);
      if (day >= 4) ++(looker.met() > 0 ? met : missed);
    }
    looker.met();
  }
  EXPECT_EQ(missed, 0u);
  EXPECT_GT(met, 30u);
  EXPECT_LE(in_vain, 6u) << "the chances of a day alone are still worth it to some";
}

// An hourly peak stops: so many wakes in vain, and no more; it comes again, and is soon believed.
TEST(SeasonalPeaks, a_profile_that_is_over_costs_some_wakes_and_not_more) {
  Looker looker;
  Duration at = 1h;
  for (; at <= 200h; at += 1h) looker.crowd(at, 30);
  EXPECT_GT(looker.calls(), 190u);
  for (; at <= 400h; at += 1h) looker.until(at);
  const uint32_t in_vain = looker.calls();
  EXPECT_GE(in_vain, 3u);
  // Each miss leaves 15/16 of the chance: 46 of them, and the hour's four.
  EXPECT_LE(in_vain, 50u + 46u) << "the hour, and then the day";
  for (; at <= 410h; at += 1h) looker.crowd(at, 30);
  EXPECT_GE(looker.calls(), 4u);
}

// Peaks at random: what is remembered comes again as rarely as it does.
TEST(SeasonalPeaks, chance_is_no_rule) {
  Prng prng(3);
  Looker looker;
  Duration at{};
  for (int i = 0; i < 2000; ++i) {
    at += from_seconds(prng.exponential(4 * 3600));
    looker.crowd(at, 30);
  }
  looker.calls();
  looker.met();
  for (int i = 0; i < 500; ++i) {
    at += from_seconds(prng.exponential(4 * 3600));
    looker.crowd(at, 30);
  }
  EXPECT_LE(looker.calls(), 250u) << "fewer than a call for two peaks";
  EXPECT_LT(looker.peaks().chance(1, 1), 0.1);
}

TEST(SeasonalPeaks, a_clock_that_is_set_moves_the_hours) {
  Looker looker;
  looker.peaks().week_told(Instant{0s}, 30min);
  for (int hour = 1; hour <= 5; ++hour) looker.crowd(hour * 1h + 2min, 30);
  looker.until(6h + 1min);
  EXPECT_EQ(looker.called_at, 6h - kLead) << "6:30 by the clock";
  looker.peaks().week_told(Instant{6h + 1min}, 6h + 31min + 300ms);
  looker.crowd(6h + 2min, 30);
  looker.peaks().week_told(Instant{6h + 10min}, 6h + 20min);
  looker.calls();
  looker.until(7h + 20min);
  EXPECT_EQ(looker.calls(), 2u) << "6:30 comes twice";
  EXPECT_EQ(looker.called_at, 7h + 20min - kLead) << "7:30 by the clock that went back";
}

TEST(SeasonalPeaks, a_month_of_silence_is_passed_at_once) {
  Looker looker;
  for (int hour = 1; hour <= 10; ++hour) looker.crowd(hour * 1h, 30);
  looker.calls();
  SeasonalPeaks& peaks = looker.peaks();
  peaks.arrived(Instant{40 * 24h});
  EXPECT_EQ(peaks.called_per_s(Instant{40 * 24h}), 0);
  EXPECT_GT(peaks.due(), Instant{40 * 24h});
  looker.until(41 * 24h);
  EXPECT_EQ(looker.calls(), 0u);
  EXPECT_TRUE(peaks.sound());
}

// ---- in the policy

ServiceSettings sleepy_service(bool learned_hours) {
  ServiceSettings settings = small_service();
  settings.serverless.concurrency = 1;
  settings.serverless.max_instances = 10;
  settings.serverless.expected_cold_start = 10s;
  settings.wake.learned_hours = learned_hours;
  settings.health.enabled = false;
  return settings;
}

// A crowd at each full hour, and nobody else.
class Hours {
 public:
  explicit Hours(const ServiceSettings& settings) : script_(settings) {
    script_.teach(1, 20, 100ms);
    next_ = 21;
  }

  void pass(int hours) {
    for (int i = 0; i < hours; ++i) {
      sleep();
      ready = script_.status().serverless.instances;
      const uint64_t first = next_;
      for (; next_ < first + 60; ++next_) script_.arrive(next_);
      serve(first);
    }
  }
  uint32_t wakes_ahead = 0;  // before the crowd of an hour
  uint32_t ready = 0;        // when it last came

 private:
  void sleep() {
    const Instant hour{(script_.now().time_since_epoch() / 1h + 1) * 1h};
    while (script_.now() < hour) {
      script_.let_pass(250ms);
      wakes_ahead += script_.probes(ProbeKind::wake);
      answer_probes();
    }
  }
  void serve(uint64_t first) {
    for (int round = 0; round < 100; ++round) {
      script_.let_pass(100ms);
      std::vector<uint64_t> running;
      for (uint64_t id = first; id < next_; ++id) {
        if (script_.runs(id)) running.push_back(id);
      }
      for (const uint64_t id : running) script_.answer(id, instance_of(id));
      answer_probes();
    }
  }
  std::optional<InstanceEvidence> instance_of(uint64_t id) {
    if (on_always_on(script_.attempt(id))) return std::nullopt;
    return InstanceEvidence{InstanceKey{1}, 1min, 1};
  }
  void answer_probes() {
    const Duration age = script_.status().serverless.instances > 0 ? 1min : 1ms;
    for (const ProbeId probe : script_.probes_in_flight()) {
      script_.tell(ProbeFinished{probe, Outcome::ok, InstanceEvidence{InstanceKey{1}, age, 0}});
    }
  }

  Script script_;
  uint64_t next_ = 1;
};

TEST(LearnedHours, a_crowd_of_each_hour_finds_the_pool_warm) {
  for (const bool learned_hours : {false, true}) {
    Hours hours(sleepy_service(learned_hours));
    hours.pass(3);
    EXPECT_EQ(hours.wakes_ahead, 0u);
    EXPECT_EQ(hours.ready, 0u);
    hours.pass(5);
    if (learned_hours) {
      EXPECT_GE(hours.wakes_ahead, 4u);
      EXPECT_GE(hours.ready, 1u);
    } else {
      EXPECT_EQ(hours.wakes_ahead, 0u);
      EXPECT_EQ(hours.ready, 0u);
    }
  }
}

}  // namespace
}  // namespace warmgate::policy
