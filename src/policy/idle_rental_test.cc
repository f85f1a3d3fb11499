// Paid idle time: how long to keep, against brute force; who is needed, known, worth a wake.
#include "policy/idle_rental.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/prng.h"
#include "policy/error_budget.h"
#include "policy/instance_rentals.h"
#include "policy/paid_instances.h"

namespace warmgate::policy {
namespace {

constexpr Instant kStart{1000s};

// What one gap costs, in seconds of an instance: kept to its end, or for `keep` and started anew.
double cost_of(Duration gap, Duration keep, Duration price) {
  return gap <= keep ? to_seconds(gap) : to_seconds(keep + price);
}

GapHistogram drawn_gaps(Prng& prng) {
  GapHistogram gaps;
  const double mean_s = std::exp(8 * prng.uniform());
  const bool regular = prng.chance(0.5);
  for (uint64_t i = 0; i < 5 + prng.below(300); ++i) {
    gaps.add(
        from_seconds(regular ? mean_s * (0.9 + 0.2 * prng.uniform()) : prng.exponential(mean_s)));
  }
  return gaps;
}

// Whatever was learned, and whatever gap the adversary then chooses.
TEST(KeepFor, no_gap_costs_more_than_its_bound_times_perfect_foresight) {
  Prng prng(1);
  for (int i = 0; i < 400; ++i) {
    const GapHistogram gaps = drawn_gaps(prng);
    const Duration price = from_seconds(std::exp(8 * prng.uniform()));
    const double trust = 0.05 + 0.95 * prng.uniform();
    const Duration keep = keep_for(gaps, price, trust);
    const auto ratio = [&](Duration gap) {
      return cost_of(gap, keep, price) / to_seconds(std::min(gap, price));
    };
    const double bound = 1 + 1 / trust + 1e-6;
    EXPECT_LE(ratio(keep + 1ns), bound) << "just after it went: the worst";
    for (Duration gap = 10ms; gap < 10 * price / (trust * 1.0); gap += gap / 4) {
      EXPECT_LE(ratio(gap), bound) << to_seconds(gap) << " kept " << to_seconds(keep);
    }
  }
}

TEST(KeepFor, is_within_a_bin_of_the_best_wait_for_the_gaps_that_come) {
  Prng prng(2);
  for (int i = 0; i < 50; ++i) {
    std::vector<Duration> sample;
    GapHistogram gaps;
    const double mean_s = std::exp(6 * prng.uniform());
    for (int n = 0; n < 200; ++n) {
      const bool is_long = prng.chance(0.3);
      sample.push_back(from_seconds(prng.exponential(is_long ? 20 * mean_s : mean_s)));
      gaps.add(sample.back());
    }
    const Duration price = from_seconds(mean_s * 5);
    const double trust = 0.2;
    const auto total = [&](Duration keep) {
      double sum = 0;
      for (const Duration gap : sample) sum += cost_of(gap, keep, price);
      return sum;
    };
    double best = total(from_seconds(trust * to_seconds(price)));
    for (double s = trust * to_seconds(price); s < to_seconds(price) / trust; s *= 1.02) {
      best = std::min(best, total(from_seconds(s)));
    }
    // The histogram forgets: old gaps count for less than half as much as new ones.
    EXPECT_LE(total(keep_for(gaps, price, trust)), 1.15 * best);
  }
}

TEST(KeepFor, knows_nothing_at_first_and_breaks_even) {
  GapHistogram gaps;
  EXPECT_EQ(keep_for(gaps, 10s, 0.2), 10s);
  for (int i = 0; i < 20; ++i) gaps.add(1h);
  EXPECT_EQ(keep_for(gaps, 10s, 0.2), 2s) << "nobody will come";
  EXPECT_EQ(keep_for(gaps, 10s, 1), 10s) << "no prediction is followed";
  for (int i = 0; i < 2000; ++i) gaps.add(11s);
  const Duration keep = keep_for(gaps, 10s, 0.2);
  EXPECT_GE(keep, 11s) << "who always comes after 11 s is waited for: to start anew costs 2 + 10";
  EXPECT_LE(keep, 14s);
}

TEST(GapHistogram, forgets) {
  GapHistogram gaps;
  for (int i = 0; i < 5000; ++i) gaps.add(100s);
  for (int i = 0; i < 2000; ++i) gaps.add(1s);
  EXPECT_LE(gaps.weight(), GapHistogram::kMemory);
  double old = 0;
  for (size_t i = 0; i < GapHistogram::kBins; ++i) {
    if (GapHistogram::middle_s(i) > 10) old += gaps.share(i);
  }
  EXPECT_LT(old, 0.01);
  gaps.add(0s);
  gaps.add(Duration(24h) * 365);  // beyond the last bin
}

// ---- which instances are needed

InstanceRentals::Terms terms_of(Duration late_price) {
  return {
      .per_instance = 2, .start = 10s, .idle_unwanted = 10s, .late_price = late_price, .trust = 1};
}

TEST(InstanceRentals, the_last_goes_first_each_after_its_own_gap) {
  const auto terms = terms_of(5s);
  InstanceRentals rentals;
  rentals.demand(kStart, 4, terms);
  rentals.there(kStart, 2);
  EXPECT_EQ(rentals.release_at(2, terms), kNever) << "needed";
  rentals.demand(kStart + 1s, 2, terms);
  const Instant second = rentals.release_at(2, terms);
  EXPECT_EQ(second, kStart + 1s + rentals.price(2, terms));
  EXPECT_EQ(rentals.release_at(1, terms), kNever);
  rentals.demand(kStart + 4s, 0, terms);
  EXPECT_EQ(rentals.release_at(2, terms), second);
  EXPECT_EQ(rentals.release_at(1, terms), kStart + 4s + rentals.price(1, terms));
}

TEST(InstanceRentals, it_is_dearer_to_start_again_what_many_call_for) {
  const auto terms = terms_of(5s);
  InstanceRentals rentals;
  EXPECT_EQ(rentals.price(1, terms), 15s) << "one late request, until more is known";
  Instant now = kStart;
  for (int burst = 0; burst < 50; ++burst, now += 1min) {
    for (uint32_t i = 1; i <= 2; ++i) rentals.demand(now, i, terms);
    rentals.demand(now + 1s, 1, terms);
    rentals.demand(now + 2s, 2, terms);
    rentals.demand(now + 3s, 0, terms);
  }
  EXPECT_EQ(rentals.price(1, terms), 25s) << "three calls within a start";
}

TEST(InstanceRentals, one_that_came_for_nothing_stays_only_as_long_as_it_was_called_for) {
  const auto terms = terms_of(100s);
  InstanceRentals rentals;
  EXPECT_EQ(rentals.worth_waking(kStart, 1, 0, terms), 1u);
  rentals.there(kStart + 10s, 1);
  EXPECT_EQ(rentals.release_at(1, terms), kStart + 20s);
}

TEST(InstanceRentals, wakes_that_nobody_needs_are_not_worth_it_after_a_while_until_they_are) {
  const auto terms = terms_of(100s);
  InstanceRentals rentals;
  Instant now = kStart;
  const auto wakes = [&] {
    uint32_t sent = 0;
    for (int i = 0; i < 40; ++i, now += 1min) {
      sent += rentals.worth_waking(now, 1, 0, terms);
    }
    return sent;
  };
  EXPECT_GE(wakes(), 4u);
  EXPECT_EQ(wakes(), 0u);
  for (int i = 0; i < 40; ++i, now += 1min) {
    rentals.worth_waking(now, 1, 0, terms);
    rentals.demand(now + 10s, 1, terms);
    rentals.demand(now + 11s, 0, terms);
  }
  EXPECT_EQ(rentals.worth_waking(now, 1, 0, terms), 1u);
}

TEST(PaidInstances, strangers_are_looked_for_until_nobody_is_left_or_the_search_does_not_pay) {
  PaidInstances paid;
  paid.needed(kStart, 3, 15min);
  EXPECT_EQ(paid.possible(), 3u);
  using Answer = PaidInstances::Answer;
  paid.ended(Answer::known, false, 0);
  paid.ended(Answer::stranger, true, 0);
  EXPECT_EQ(paid.possible(), 2u) << "where one was unknown, there may be more";
  EXPECT_TRUE(paid.worth_searching(450s, 10s));
  paid.ended(Answer::newborn, true, 0);
  EXPECT_EQ(paid.possible(), 0u);
  for (int i = 0; i < 200; ++i) paid.ended(Answer::newborn, true, 0);
  EXPECT_FALSE(paid.worth_searching(450s, 10s));
  paid.needed(kStart + 1s, 2, 15min);
  paid.needed(kStart + 16min, 0, 15min);
  EXPECT_EQ(paid.possible(), 2u);
  paid.needed(kStart + 32min, 0, 15min);
  EXPECT_EQ(paid.possible(), 0u) << "nobody lives that long";
}

TEST(ErrorBudget, the_price_of_being_late_rises_until_the_share_is_kept) {
  ErrorBudget budget;
  const double share = 0.99;
  const double first = budget.late_worth(share);
  for (int i = 0; i < 1000; ++i) budget.ended(false, share);
  EXPECT_LT(budget.late_worth(share), first);
  EXPECT_GT(budget.late_worth(share), 0);
  for (int i = 0; i < 20; ++i) budget.ended(true, share);
  EXPECT_NEAR(budget.late_worth(share), 2 * 99, 2);
  for (int i = 0; i < 1000; ++i) budget.ended(true, share);
  EXPECT_EQ(budget.debt(), ErrorBudget::kMost);
}

}  // namespace
}  // namespace warmgate::policy
