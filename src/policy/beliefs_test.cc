// Warmth, WakeLeases, ColdStartClock, IdleLifetime, DemandForecast, PoolTimes, RunningWork,
// PredictionMargin, Pressing, KeptInstances and BurstMemory.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "policy/burst_memory.h"
#include "policy/cold_start_clock.h"
#include "policy/demand_forecast.h"
#include "policy/kept_instances.h"
#include "policy/pool_times.h"
#include "policy/prediction_margin.h"
#include "policy/pressing.h"
#include "policy/running_work.h"
#include "policy/wake_leases.h"
#include "policy/warmth.h"

namespace warmgate::policy {
namespace {

constexpr Instant kStart{1000s};

ServerlessSettings four_slots() {
  ServerlessSettings settings;
  settings.concurrency = 4;
  settings.max_instances = 3;
  return settings;
}
InstanceEvidence instance(uint64_t key) {
  return {InstanceKey{key}, 10s, 1};
}
constexpr Warmth::Answer kQuick{EvidenceKind::first_byte_time, 1, true};

TEST(Warmth, begins_unknown) {
  Warmth warmth(four_slots());
  EXPECT_FALSE(warmth.known());
  EXPECT_FALSE(warmth.believed_warm(kStart));
  EXPECT_EQ(warmth.slots(kStart), 0u);
}

TEST(Warmth, counts_instances_by_name_up_to_the_bound) {
  Warmth warmth(four_slots());
  for (uint64_t key = 1; key <= 5; ++key) {
    warmth.instance_answered(kStart, instance(key), kQuick);
    warmth.check_invariants();
  }
  EXPECT_EQ(warmth.instances(kStart), 3u);
  EXPECT_EQ(warmth.slots(kStart), 12u);
  EXPECT_TRUE(warmth.knows(InstanceKey{5}));
  EXPECT_FALSE(warmth.knows(InstanceKey{1}));
}

TEST(Warmth, belief_is_fresh_for_a_while_warm_for_the_idle_lifetime_and_then_cold) {
  Warmth warmth(four_slots());
  warmth.instance_answered(kStart, instance(1), kQuick);
  EXPECT_TRUE(warmth.fresh(kStart + 4s));
  EXPECT_FALSE(warmth.fresh(kStart + 6s));
  EXPECT_TRUE(warmth.believed_warm(kStart + 14min));
  EXPECT_FALSE(warmth.believed_warm(kStart + 16min));
  EXPECT_TRUE(warmth.known());
}

TEST(Warmth, doubt_needs_new_evidence) {
  Warmth warmth(four_slots());
  warmth.instance_answered(kStart, instance(1), kQuick);
  warmth.doubt();
  EXPECT_FALSE(warmth.fresh(kStart));
  EXPECT_TRUE(warmth.believed_warm(kStart));
  warmth.instance_answered(kStart, instance(1), kQuick);
  EXPECT_TRUE(warmth.fresh(kStart));
}

TEST(Warmth, an_instance_that_stays_silent_while_others_answer_is_forgotten) {
  Warmth warmth(four_slots());
  warmth.instance_answered(kStart, instance(1), kQuick);
  warmth.instance_answered(kStart, instance(2), kQuick);
  for (int i = 1; i <= 200; ++i) {
    warmth.instance_answered(kStart + i * 100ms, instance(2), kQuick);
  }
  EXPECT_EQ(warmth.instances(kStart + 20s), 1u);
}

TEST(Warmth, a_refusal_lowers_the_slots_and_quick_answers_raise_them_slowly) {
  Warmth warmth(four_slots());
  for (uint64_t key = 1; key <= 3; ++key) warmth.instance_answered(kStart, instance(key), kQuick);
  warmth.refused(10);
  EXPECT_EQ(warmth.slots(kStart), 7u);
  for (int i = 0; i < 7; ++i) {
    warmth.instance_answered(kStart, instance(1), {EvidenceKind::none, 7, true});
  }
  EXPECT_EQ(warmth.slots(kStart), 7u);
  for (int i = 0; i < 3; ++i) {
    warmth.instance_answered(kStart, instance(1), {EvidenceKind::none, 7, true});
  }
  EXPECT_EQ(warmth.slots(kStart), 8u);
}

TEST(Warmth, without_names_slots_grow_only_on_quick_answers_while_all_are_taken) {
  Warmth warmth(four_slots());
  warmth.answered(kStart, {EvidenceKind::wake_response, 0, false});
  EXPECT_EQ(warmth.slots(kStart), 4u);
  warmth.answered(kStart, {EvidenceKind::first_byte_time, 4, false});
  warmth.answered(kStart, {EvidenceKind::first_byte_time, 3, true});
  EXPECT_EQ(warmth.slots(kStart), 4u);
  for (uint32_t taken = 4; taken < 40; ++taken) {
    warmth.answered(kStart, {EvidenceKind::first_byte_time, taken, true});
  }
  EXPECT_EQ(warmth.slots(kStart), 12u) << "bounded by max_instances";
}

TEST(Warmth, a_pool_found_cold_teaches_the_idle_lifetime) {
  Warmth warmth(four_slots());
  warmth.instance_answered(kStart, instance(1), kQuick);
  warmth.found_cold(3min);
  EXPECT_FALSE(warmth.believed_warm(kStart));
  EXPECT_LE(warmth.idle_lifetime().estimate(), 3min);
  warmth.instance_answered(kStart + 4min, instance(2), kQuick);
  EXPECT_FALSE(warmth.believed_warm(kStart + 4min + 181s));
}

TEST(IdleLifetime, moves_down_with_a_fatal_gap_and_up_with_longer_ones_survived) {
  IdleLifetime lifetime(15min);
  EXPECT_EQ(lifetime.estimate(), 15min);
  lifetime.ended_within(2min);
  EXPECT_GT(lifetime.estimate(), 100s) << "where its bin begins";
  EXPECT_LE(lifetime.estimate(), 2min);
  EXPECT_EQ(lifetime.surely(), lifetime.estimate());
  lifetime.survived(1min);
  EXPECT_LE(lifetime.estimate(), 2min);
  lifetime.survived(5min);
  EXPECT_EQ(lifetime.estimate(), 15min) << "one of two lived for longer";
  EXPECT_LE(lifetime.surely(), 2min) << "which is not nine in ten";
  lifetime.survived(1h);
  EXPECT_EQ(lifetime.estimate(), 15min);
  for (int i = 0; i < 3; ++i) lifetime.ended_within(1ms);
  EXPECT_EQ(lifetime.surely(), IdleLifetime::kShortest);
}

// The platform ends idle instances after 7.5 to 15 minutes, and only ends of gaps are seen.
TEST(IdleLifetime, learns_the_curve_of_the_platform) {
  Prng prng(17);
  IdleLifetime lifetime(15min);
  for (int i = 0; i < 2000; ++i) {
    const Duration gap = from_seconds(1200 * prng.uniform());
    const Duration lives = from_seconds(450 + 450 * prng.uniform());
    if (gap <= lives) {
      lifetime.survived(gap);
    } else {
      lifetime.ended_within(gap);
    }
  }
  EXPECT_NEAR(to_seconds(lifetime.estimate()), 675, 120);
  EXPECT_GT(lifetime.surely(), 5min);
  EXPECT_LT(lifetime.surely(), 9min);
}

TEST(IdleLifetime, forgets_what_the_platform_did_before) {
  IdleLifetime lifetime(15min);
  for (int i = 0; i < 100; ++i) lifetime.ended_within(1min);
  for (int i = 0; i < 40; ++i) lifetime.survived(1min);
  EXPECT_EQ(lifetime.surely(), 15min);
}

TEST(ColdStartClock, the_prior_is_overtaken_by_evidence) {
  ColdStartClock clock(5s);
  EXPECT_EQ(clock.typical(), 5s);
  EXPECT_EQ(clock.remaining(1s), 4s);
  EXPECT_EQ(clock.remaining(8s), 4s) << "half as long again";
  clock.started_in(2s);
  EXPECT_EQ(clock.typical(), 2s);
  EXPECT_EQ(clock.remaining(500ms), 1500ms);
  EXPECT_EQ(clock.remaining(4s), 2s);
}

TEST(DemandForecast, sees_a_burst_at_once_and_never_forecasts_more_than_twice_the_present) {
  DemandForecast demand;
  Instant now = kStart;
  for (int i = 0; i < 100; ++i) demand.arrived(now += 10ms);
  EXPECT_GT(demand.now_per_s(now), 30);
  EXPECT_GT(demand.forecast_per_s(now, 10s), demand.now_per_s(now));
  EXPECT_LE(demand.forecast_per_s(now, 1h), 2 * demand.now_per_s(now));
}

TEST(DemandForecast, falls_slowly) {
  DemandForecast demand;
  Instant now = kStart;
  for (int i = 0; i < 6000; ++i) demand.arrived(now += 10ms);
  EXPECT_NEAR(demand.now_per_s(now), 100, 5);
  EXPECT_GT(demand.now_per_s(now + 5s), 60);
  EXPECT_LT(demand.now_per_s(now + 1min), 5);
}

TEST(DemandLevel, has_hysteresis) {
  DemandLevel level;
  level.update(0.79, 0.8);
  EXPECT_FALSE(level.high());
  level.update(0.81, 0.8);
  EXPECT_TRUE(level.high());
  level.update(0.5, 0.8);
  EXPECT_TRUE(level.high());
  level.update(0.39, 0.8);
  EXPECT_FALSE(level.high());
}

TEST(PoolTimes, learns_means_and_quantiles) {
  PoolTimes times;
  EXPECT_FALSE(times.known());
  EXPECT_EQ(times.service().high(), 0s);
  for (int i = 1; i <= 100; ++i) times.complete(std::chrono::milliseconds(i), 0);
  EXPECT_EQ(times.service().high(), 95ms);
  EXPECT_NEAR(times.mean_service_s(), 0.0505, 0.03);
  EXPECT_EQ(times.learned().samples, 100u);
}

TEST(SizeClass, a_factor_of_eight_each) {
  for (const uint64_t first :
       {uint64_t{1} << 10, uint64_t{1} << 13, uint64_t{1} << 16, uint64_t{1} << 19}) {
    EXPECT_EQ(size_class_of(first), size_class_of(first - 1) + 1) << first;
  }
  EXPECT_EQ(size_class_of(0), 0u);
  EXPECT_EQ(size_class_of(UINT64_MAX), kSizeClasses - 1);
}

TEST(SizedQuantile, a_class_answers_for_itself_once_it_has_enough_samples) {
  constexpr uint64_t kSmall = 100, kLarge = 100'000, kLarger = 10'000'000;
  SizedQuantile times;
  for (int i = 0; i < 100; ++i) times.add(50ms, kSmall);
  EXPECT_EQ(times.high(kLarge), 50ms);  // nothing else is known
  for (size_t i = 1; i < SizedQuantile::kEnough; ++i) times.add(900ms, kLarge);
  EXPECT_EQ(times.high(kLarge), times.high());
  times.add(900ms, kLarge);
  EXPECT_EQ(times.high(kLarge), 900ms);
  EXPECT_EQ(times.high(kSmall), times.high());  // its window begins with the first large one
  for (size_t i = 0; i < SizedQuantile::kEnough; ++i) times.add(50ms, kSmall);
  EXPECT_EQ(times.high(kSmall), 50ms);
  EXPECT_EQ(times.high(kLarger), times.high());
  EXPECT_EQ(times.high(), 900ms);
}

TEST(SizedQuantile, a_class_forgets) {
  SizedQuantile times;
  times.add(1ms, 0);
  for (size_t i = 0; i < SizedQuantile::kClassWindow; ++i) times.add(900ms, 100'000);
  for (size_t i = 0; i < SizedQuantile::kClassWindow; ++i) times.add(200ms, 100'000);
  EXPECT_EQ(times.high(100'000), 200ms);
}

TEST(WakeLeases, end_expire_and_pause) {
  WakeLeases wakes;
  wakes.sent({.probe = ProbeId{1}, .sent = kStart, .expires = kStart + 10s});
  wakes.sent({.probe = ProbeId{2}, .sent = kStart + 1s, .expires = kStart + 11s});
  EXPECT_EQ(wakes.oldest_sent(), kStart);
  WakeLeases::Lease lease;
  EXPECT_TRUE(wakes.ended(ProbeId{1}, lease));
  EXPECT_FALSE(wakes.ended(ProbeId{1}, lease));
  EXPECT_EQ(wakes.expire(kStart + 11s), 1u);
  EXPECT_EQ(wakes.in_flight(), 0u);
}

TEST(WakeLeases, pauses_double_up_to_their_bound_and_success_ends_them) {
  WakeLeases wakes;
  Instant now = kStart;
  for (const Duration expected : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 10000ms, 10000ms}) {
    wakes.failed(now);
    EXPECT_EQ(wakes.paused_until() - now, expected);
    now = wakes.paused_until();
    EXPECT_TRUE(wakes.may_send(now));
  }
  wakes.succeeded();
  wakes.failed(now);
  EXPECT_EQ(wakes.paused_until() - now, 500ms);
}

TEST(WakeLeases, futile_wakes_pause_from_a_starts_length_on) {
  WakeLeases wakes;
  wakes.futile(kStart, 3s, 2);
  wakes.futile(kStart, 3s, 2);  // of the same volley
  EXPECT_EQ(wakes.paused_until(), kStart + 3s);
  EXPECT_FALSE(wakes.may_ask_for(kStart + 2s, 2));
  EXPECT_TRUE(wakes.may_ask_for(kStart + 2s, 3)) << "that many were not asked for";
  wakes.futile(kStart + 2s, 3s, 3);
  EXPECT_FALSE(wakes.may_ask_for(kStart + 2s, 3));
  EXPECT_EQ(wakes.paused_until(), kStart + 3s) << "who asked for more does not lengthen the pause";
  EXPECT_TRUE(wakes.in_vain(kStart + 62s));
  EXPECT_FALSE(wakes.in_vain(kStart + 63s));
  wakes.futile(kStart + 3s, 3s, 2);
  EXPECT_EQ(wakes.paused_until(), kStart + 9s);
  wakes.succeeded();
  EXPECT_FALSE(wakes.in_vain(kStart + 9s));
}

TEST(Warmth, a_survived_gap_makes_shorter_ones_harmless) {
  Warmth warmth(four_slots());
  warmth.instance_answered(kStart, instance(1), kQuick);
  EXPECT_FALSE(warmth.fresh(kStart + 40s));
  warmth.instance_answered(kStart + 60s, instance(1), kQuick);
  EXPECT_TRUE(warmth.fresh(kStart + 100s));
  EXPECT_FALSE(warmth.fresh(kStart + 121s));
}

TEST(IdleLifetime, what_is_harmless_is_proven_and_far_from_the_estimate) {
  IdleLifetime lifetime(15min);
  EXPECT_EQ(lifetime.harmless(), 0s);
  lifetime.survived(20s);
  EXPECT_EQ(lifetime.harmless(), 20s);
  lifetime.survived(10min);
  EXPECT_EQ(lifetime.harmless(), 90s) << "a tenth of the ceiling";
  lifetime.ended_within(2min);
  EXPECT_EQ(lifetime.harmless(), lifetime.surely() / 10);
  EXPECT_LE(lifetime.harmless(), 12s);
}

TEST(RunningWork, what_has_passed_is_done) {
  RunningWork work;
  EXPECT_EQ(work.left_s(kStart, 0.1), 0);
  work.began(kStart);
  EXPECT_NEAR(work.left_s(kStart, 0.1), 0.1, 1e-9);
  EXPECT_NEAR(work.left_s(kStart + 40ms, 0.1), 0.06, 1e-9);
  EXPECT_NEAR(work.left_s(kStart + 1s, 0.1), 0.03, 1e-9) << "it ends soon, not at once";
  work.began(kStart + 1s);
  work.ended(kStart);
  EXPECT_NEAR(work.left_s(kStart + 1s, 0.1), 0.1, 1e-9);
}

TEST(PredictionMargin, settles_where_the_target_share_misses) {
  constexpr double kTarget = 0.001;
  PredictionMargin margin;
  Prng prng(7);
  uint64_t missed = 0;
  constexpr int kRounds = 2'000'000, kWarmUp = 200'000;
  for (int i = 0; i < kRounds; ++i) {
    // The right margin is the 0.999 quantile of an exponential of mean 0.2: 1.38.
    const bool miss = prng.exponential(0.2) > margin.value();
    missed += miss && i >= kWarmUp ? 1 : 0;
    margin.outcome(miss, kTarget);
  }
  EXPECT_NEAR(static_cast<double>(missed) / (kRounds - kWarmUp), kTarget, 0.0002);
}

TEST(PredictionMargin, leaves_less_where_more_may_be_late) {
  double values[2] = {};
  for (const double target : {0.01, 0.05}) {
    PredictionMargin margin;
    Prng prng(7);
    for (int i = 0; i < 200'000; ++i) {
      margin.outcome(prng.exponential(0.3) > margin.value(), target);
    }
    values[target == 0.05] = margin.value();
  }
  EXPECT_NEAR(values[0], 1.38, 0.25);  // the 0.99 quantile of an exponential of mean 0.3
  EXPECT_NEAR(values[1], 0.90, 0.1);   // the 0.95 quantile
}

TEST(PredictionMargin, stays_within_its_bounds) {
  PredictionMargin margin;
  for (int i = 0; i < 100; ++i) margin.outcome(true, 0.001);
  EXPECT_EQ(margin.value(), PredictionMargin::kMost);
  for (int i = 0; i < 100'000; ++i) margin.outcome(false, 0.001);
  EXPECT_EQ(margin.value(), PredictionMargin::kLeast);
}

TEST(BurstMemory, keeps_the_largest_need_and_forgets_it_by_halves) {
  BurstMemory bursts;
  EXPECT_EQ(bursts.learn(kStart, 8), 8);
  EXPECT_NEAR(bursts.learn(kStart + 30min, 1), 4, 1e-9);
  EXPECT_NEAR(bursts.learn(kStart + 60min, 1), 2, 1e-9);
  EXPECT_EQ(bursts.learn(kStart + 60min, 3), 3);
  EXPECT_NEAR(bursts.learn(kStart + 24h, 0), 0, 1e-9);
}

TEST(Pressing, stops_for_a_growing_pause_when_it_does_not_pay) {
  Pressing pressing;
  EXPECT_TRUE(pressing.allowed(kStart, 2s));
  pressing.began(kStart);
  EXPECT_TRUE(pressing.allowed(kStart + 2s, 2s));
  EXPECT_FALSE(pressing.allowed(kStart + 3s, 2s));
  EXPECT_FALSE(pressing.allowed(kStart + 12s, 2s));
  EXPECT_TRUE(pressing.allowed(kStart + 13s, 2s));
  EXPECT_FALSE(pressing.allowed(kStart + 16s, 2s)) << "in vain again";
  EXPECT_FALSE(pressing.allowed(kStart + 35s, 2s)) << "twice as long";
  EXPECT_TRUE(pressing.allowed(kStart + 36s, 2s));
}

TEST(Pressing, goes_on_while_it_pays) {
  Pressing pressing;
  pressing.began(kStart);
  pressing.paid(kStart + 2s);
  EXPECT_TRUE(pressing.allowed(kStart + 3s, 2s));
  pressing.ended();
  EXPECT_EQ(pressing.in_flight(), 0u);
  EXPECT_TRUE(pressing.allowed(kStart + 1h, 2s));
}

// ---- KeptInstances

TEST(KeptInstances, are_as_many_as_were_needed_at_once_within_what_a_start_is_worth) {
  KeptInstances kept;
  EXPECT_EQ(kept.instances(), 1u);
  kept.needed(kStart, 3, 1h);
  kept.needed(kStart + 10min, 1, 1h);
  EXPECT_EQ(kept.instances(), 3u);
  kept.needed(kStart + 1h, 2, 1h);
  EXPECT_EQ(kept.instances(), 3u);
  kept.needed(kStart + 2h, 0, 1h);
  EXPECT_EQ(kept.instances(), 2u) << "three were needed two hours ago";
  kept.needed(kStart + 5h, 0, 1h);
  EXPECT_EQ(kept.instances(), 1u);
  kept.needed(kStart + 5h, 1'000, 1h);
  EXPECT_EQ(kept.instances(), KeptInstances::kMost);
}

TEST(KeptInstances, know_the_pings_of_the_last_volley) {
  KeptInstances kept;
  EXPECT_FALSE(kept.ended(ProbeId{1}));
  kept.volley(kStart, ProbeId{5}, 2);
  EXPECT_FALSE(kept.ended(ProbeId{4}));
  EXPECT_TRUE(kept.ended(ProbeId{6}));
  EXPECT_FALSE(kept.ended(ProbeId{7}));
  EXPECT_EQ(kept.in_flight(), 1u);
  EXPECT_TRUE(kept.ended(ProbeId{5}));
  EXPECT_FALSE(kept.ended(ProbeId{5}));
  EXPECT_EQ(kept.sent(), kStart);
}

}  // namespace
}  // namespace warmgate::policy
