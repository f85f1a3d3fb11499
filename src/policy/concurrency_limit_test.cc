#include "policy/concurrency_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/prng.h"

namespace warmgate::policy {
namespace {

// A backend that is asked for `demand` requests at a time, and gets as many as the limit allows.
// It does `real` at a time without slowing down; beyond that they share it.
class Backend {
 public:
  Backend(uint32_t slots, uint32_t real, double spread = 0.5) : spread_(spread), real_(real) {
    limit_.configure({}, slots);
  }

  ConcurrencyLimit& limit() { return limit_; }
  uint32_t value() const { return limit_.value(); }
  void set_real(uint32_t real) { real_ = real; }
  void set_work(Duration work) { work_ = work; }

  // In steps of a millisecond, by equal shares. Gives the mean of the limit meanwhile.
  double run(Duration time, uint32_t demand, Duration slo = 1ms) {
    double sum = 0;
    int64_t steps = 0;
    for (const Instant end = now_ + time; now_ < end; ++steps) {
      now_ += 1ms;
      const double jobs = std::max(1.0, static_cast<double>(running_.size()));
      const double share = std::min(1.0, real_ / jobs);
      for (Job& job : running_) job.left_ms -= share;
      for (size_t i = 0; i < running_.size();) {
        if (running_[i].left_ms > 0) {
          ++i;
          continue;
        }
        const Job done = running_[i];
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
        limit_.ended(now_, static_cast<uint32_t>(running_.size()));
        limit_.answered(now_, done.began, done.full, slo);
        EXPECT_TRUE(limit_.sound());
      }
      while (running_.size() < std::min(demand, limit_.value())) begin();
      sum += limit_.value();
    }
    return sum / static_cast<double>(steps);
  }

 private:
  struct Job {
    Instant began;
    double left_ms;
    bool full;
  };

  void begin() {
    const double normal = std::sqrt(-2 * std::log(1 - prng_.uniform())) *
                          std::cos(6.283185307179586 * prng_.uniform());
    const double work_ms = to_millis(work_) * std::exp(spread_ * normal);
    running_.push_back({now_, work_ms, false});
    running_.back().full = limit_.began(now_, static_cast<uint32_t>(running_.size()));
  }

  ConcurrencyLimit limit_;
  Prng prng_{1};
  double spread_;
  uint32_t real_;
  Duration work_ = 100ms;
  Instant now_{100s};
  std::vector<Job> running_;
};

TEST(ConcurrencyLimit, stays_at_the_profiled_slots_of_a_backend_that_can_do_them) {
  for (const uint32_t slots : {2u, 8u, 64u}) {
    Backend backend(slots, slots, 1.0);
    backend.run(30s, 1);
    EXPECT_EQ(backend.run(20min, slots), slots);
    EXPECT_EQ(backend.limit().times_lowered(), 0u);
  }
}

TEST(ConcurrencyLimit, falls_to_about_what_the_backend_can_do) {
  for (const uint32_t real : {1u, 2u, 4u}) {
    Backend backend(16, real);
    backend.run(30s, 1);
    backend.run(2min, 16);  // on its way
    const double mean = backend.run(10min, 16);
    EXPECT_GE(mean, 0.9 * real);
    EXPECT_LE(mean, 2 + 2 * real);  // quiet is two at a time
  }
}

TEST(ConcurrencyLimit, can_fall_to_one) {
  Backend backend(8, 1);
  backend.run(30s, 1);
  uint32_t least = 8;
  for (int i = 0; i < 600; ++i) {
    backend.run(1s, 8);
    least = std::min(least, backend.value());
  }
  EXPECT_EQ(least, 1u);
}

TEST(ConcurrencyLimit, comes_back_when_the_backend_does) {
  Backend backend(16, 2);
  backend.run(30s, 1);
  backend.run(5min, 16);
  ASSERT_LT(backend.value(), 8u);
  backend.set_real(16);
  backend.run(5min, 16);
  EXPECT_EQ(backend.value(), 16u);
}

// The known failure of such limits: under lasting load the baseline follows the inflated latency,
// and the limit creeps up again.
TEST(ConcurrencyLimit, does_not_drift_in_a_day_of_overload) {
  Backend backend(16, 2);
  backend.run(30s, 1);
  backend.run(2min, 16);
  const double first = backend.run(1h, 16);
  backend.run(20h, 16);
  const double last = backend.run(1h, 16);
  EXPECT_LT(first, 5.5);
  EXPECT_NEAR(last, first, 1.0);
}

TEST(ConcurrencyLimit, measures_a_baseline_that_it_never_saw) {
  Backend backend(16, 2);
  backend.run(10min, 16);
  EXPECT_LT(backend.value(), 8u);
}

// ... and a backend that is full and fine from its first request on loses little by that.
TEST(ConcurrencyLimit, measuring_in_vain_is_rare) {
  Backend backend(16, 16);
  backend.run(1min, 16);
  EXPECT_GT(backend.run(3h, 16), 15.9);
  EXPECT_EQ(backend.limit().times_lowered(), 0u);
}

// All requests take three times as long, quiet or not: another kind of work, not an overload.
TEST(ConcurrencyLimit, longer_work_is_no_overload) {
  Backend backend(16, 16);
  backend.run(30s, 1);
  backend.run(1min, 16);
  backend.set_work(300ms);
  backend.run(10min, 16);
  EXPECT_GT(backend.run(3h, 16), 15.8);
}

TEST(ConcurrencyLimit, nothing_is_lowered_while_it_does_not_matter) {
  Backend backend(16, 2);
  backend.run(30s, 1, 5s);
  EXPECT_EQ(backend.run(10min, 16, 5s), 16);
}

TEST(ConcurrencyLimit, can_be_switched_off) {
  Backend backend(16, 2);
  backend.limit().configure({.enabled = false}, 16);
  backend.run(30s, 1);
  EXPECT_EQ(backend.run(10min, 16), 16);
  backend.limit().configure({}, 16);
  backend.run(5min, 16);
  ASSERT_LT(backend.value(), 16u);
  backend.limit().configure({.enabled = false}, 16);
  EXPECT_EQ(backend.value(), 16u);
}

TEST(ConcurrencyLimit, an_opinion_that_nothing_confirms_is_given_up) {
  Backend backend(16, 2);
  backend.run(30s, 1);
  backend.run(5min, 16);
  ASSERT_LT(backend.value(), 8u);
  backend.run(ConcurrencyLimit::kForget + 10s, 1);
  EXPECT_EQ(backend.value(), 16u);
}

}  // namespace
}  // namespace warmgate::policy
