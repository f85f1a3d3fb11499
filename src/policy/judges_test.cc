// Circuit, BackendHealth and RetryBudget.
#include <gtest/gtest.h>

#include "policy/backend_health.h"
#include "policy/circuit.h"
#include "policy/retry_budget.h"

namespace warmgate::policy {
namespace {

constexpr Instant kStart{1000s};
using Circuits = Circuit::State;
using Health = BackendHealth::State;

Circuit opened(Instant now) {
  Circuit circuit{CircuitSettings{}};
  for (int i = 0; i < 5; ++i) circuit.strike(now);
  return circuit;
}

TEST(Circuit, opens_after_strikes_in_a_row_only) {
  Circuit circuit{CircuitSettings{}};
  for (int i = 0; i < 20; ++i) {
    for (int strike = 0; strike < 4; ++strike) circuit.strike(kStart);
    circuit.success(kStart);
  }
  EXPECT_EQ(circuit.state(kStart), Circuits::closed);
  for (int strike = 0; strike < 5; ++strike) circuit.strike(kStart);
  EXPECT_EQ(circuit.state(kStart), Circuits::open);
  EXPECT_FALSE(circuit.may_try(kStart));
}

TEST(Circuit, switched_off_it_stays_closed_whatever_happens) {
  CircuitSettings settings;
  Circuit before = opened(kStart);
  settings.enabled = false;
  before.configure(settings);
  EXPECT_EQ(before.state(kStart), Circuits::closed);
  Circuit circuit{settings};
  for (int i = 0; i < 20; ++i) {
    circuit.strike(kStart);
    circuit.connection_refused(kStart);
  }
  EXPECT_EQ(circuit.state(kStart), Circuits::closed);
  EXPECT_FALSE(circuit.refused());
}

TEST(BackendHealth, a_probe_answered_404_is_a_sign_of_life_and_proves_no_more) {
  BackendHealth backend{HealthSettings{}, CircuitSettings{}};
  backend.probe_answered(kStart);
  EXPECT_EQ(backend.state(kStart), BackendHealth::State::healthy);
  EXPECT_EQ(backend.evidence(), EvidenceKind::unproven);
  EXPECT_TRUE(backend.probe_unproven());
  backend.probe_failed(kStart, true);
  ASSERT_EQ(backend.state(kStart), BackendHealth::State::dead);
  backend.probe_answered(kStart);
  backend.probe_answered(kStart);
  EXPECT_EQ(backend.state(kStart), BackendHealth::State::healthy);
  EXPECT_TRUE(backend.on_trial(kStart)) << "until a real request succeeds";
  backend.request_good(kStart, kStart);
  EXPECT_FALSE(backend.on_trial(kStart));
  backend.probe_good(kStart);
  EXPECT_FALSE(backend.probe_unproven());
}

TEST(BackendHealth, with_the_circuit_switched_off_the_probes_alone_judge) {
  CircuitSettings off;
  off.enabled = false;
  BackendHealth backend{HealthSettings{}, off};
  for (int i = 0; i < 20; ++i) {
    backend.request_failed(kStart);
    backend.connection_refused(kStart);
  }
  EXPECT_EQ(backend.state(kStart), BackendHealth::State::healthy);
  backend.probe_failed(kStart, true);
  EXPECT_EQ(backend.state(kStart), BackendHealth::State::dead);
}

TEST(Circuit, admits_one_trial_at_a_time_and_closes_after_two_good_ones) {
  Circuit circuit = opened(kStart);
  const Instant later = kStart + 5s;
  EXPECT_EQ(circuit.state(later), Circuits::half_open);
  for (int trial = 0; trial < 2; ++trial) {
    EXPECT_TRUE(circuit.may_try(later));
    circuit.trial_started();
    EXPECT_FALSE(circuit.may_try(later));
    circuit.success(later);
    circuit.trial_ended();
  }
  EXPECT_EQ(circuit.state(later), Circuits::closed);
}

TEST(Circuit, a_failed_trial_doubles_the_penalty_up_to_its_bound) {
  Circuit circuit = opened(kStart);
  Instant now = kStart;
  for (const Duration expected : {5s, 10s, 20s, 40s, 60s, 60s}) {
    EXPECT_EQ(circuit.open_until() - now, expected);
    now = circuit.open_until();
    circuit.strike(now);
  }
}

TEST(Circuit, a_further_failure_never_ends_a_penalty_earlier) {
  Circuit circuit = opened(kStart);
  const Instant until = circuit.open_until();
  circuit.strike(kStart + 1s);
  circuit.connection_refused(kStart + 2s);
  circuit.success(kStart + 3s);  // an answer that was under way
  EXPECT_EQ(circuit.open_until(), until);
  EXPECT_EQ(circuit.state(kStart + 4s), Circuits::open);
}

TEST(Circuit, a_refused_connection_opens_it_at_once) {
  Circuit circuit{CircuitSettings{}};
  circuit.connection_refused(kStart);
  EXPECT_EQ(circuit.state(kStart), Circuits::open);
  EXPECT_TRUE(circuit.refused());
}

TEST(Circuit, the_penalty_falls_back_after_a_calm) {
  Circuit circuit = opened(kStart);
  circuit.strike(kStart + 5s);  // a failed trial: 10 s
  const Instant closed_at = kStart + 15s;
  circuit.success(closed_at);
  circuit.success(closed_at);
  ASSERT_EQ(circuit.state(closed_at), Circuits::closed);
  const Instant later = closed_at + 60s;
  for (int i = 0; i < 5; ++i) circuit.strike(later);
  EXPECT_EQ(circuit.open_until() - later, 5s);
}

TEST(BackendHealth, a_refused_connection_is_out_at_once_and_probes_bring_it_back) {
  BackendHealth health{HealthSettings{}, CircuitSettings{}};
  health.connection_refused(kStart);
  EXPECT_EQ(health.state(kStart), Health::dead);
  EXPECT_LT(health.probe_interval(kStart), 1s) << "asked more often than a healthy one";
  health.probe_good(kStart + 1s);
  EXPECT_EQ(health.state(kStart + 1s), Health::dead);
  health.probe_good(kStart + 2s);
  EXPECT_EQ(health.state(kStart + 2s), Health::healthy);
  EXPECT_TRUE(health.on_trial(kStart + 2s)) << "a health 200 does not outvote bad real traffic";
  health.request_good(kStart + 3s, kStart + 2s);
  EXPECT_FALSE(health.on_trial(kStart + 3s));
}

TEST(BackendHealth, time_outs_are_strikes) {
  BackendHealth health{HealthSettings{}, CircuitSettings{}};
  for (int i = 0; i < 4; ++i) health.request_failed(kStart);
  EXPECT_EQ(health.state(kStart), Health::healthy);
  health.request_good(kStart, kStart);
  for (int i = 0; i < 5; ++i) health.request_failed(kStart);
  EXPECT_EQ(health.state(kStart), Health::quarantined);
  health.probe_good(kStart + 1s);
  health.probe_good(kStart + 2s);
  EXPECT_EQ(health.state(kStart + 2s), Health::quarantined) << "the penalty is not over";
  health.probe_good(kStart + 6s);
  EXPECT_EQ(health.state(kStart + 6s), Health::healthy);
}

TEST(BackendHealth, failed_probes_do_not_outvote_good_traffic) {
  BackendHealth health{HealthSettings{}, CircuitSettings{}};
  health.request_good(kStart, kStart);
  for (int i = 0; i < 5; ++i) health.probe_failed(kStart + 1s, false);
  EXPECT_EQ(health.state(kStart + 1s), Health::healthy);
  health.probe_failed(kStart + 10s, false);
  EXPECT_EQ(health.state(kStart + 10s), Health::quarantined);
}

TEST(BackendHealth, a_real_request_that_began_after_the_fall_heals_at_once) {
  BackendHealth health{HealthSettings{}, CircuitSettings{}};
  health.connection_refused(kStart);
  health.request_good(kStart + 1s, kStart - 1s);
  EXPECT_EQ(health.state(kStart + 1s), Health::dead) << "it had begun before";
  health.request_good(kStart + 2s, kStart + 1s);
  EXPECT_EQ(health.state(kStart + 2s), Health::healthy);
}

TEST(BackendHealth, without_probes_the_end_of_the_penalty_lets_one_request_try) {
  HealthSettings settings;
  settings.enabled = false;
  BackendHealth health(settings, CircuitSettings{});
  health.connection_refused(kStart);
  EXPECT_EQ(health.state(kStart + 4s), Health::dead);
  EXPECT_EQ(health.state(kStart + 5s), Health::healthy);
  EXPECT_TRUE(health.on_trial(kStart + 5s));
  health.connection_refused(kStart + 5s);
  EXPECT_EQ(health.state(kStart + 10s), Health::dead) << "the second penalty is longer";
}

TEST(BackendHealth, saturated_is_not_dead) {
  BackendHealth health{HealthSettings{}, CircuitSettings{}};
  for (int i = 0; i < 100; ++i) health.request_refused(kStart, 50ms);
  EXPECT_EQ(health.state(kStart), Health::healthy);
  EXPECT_TRUE(health.pausing(kStart + 49ms));
  EXPECT_FALSE(health.pausing(kStart + 50ms));
}

TEST(RetryBudget, a_share_of_first_attempts_beyond_the_reserve) {
  RetryBudget budget(0.1, {10, 0});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.withdraw(kStart));
  EXPECT_FALSE(budget.withdraw(kStart));
  for (int i = 0; i < 100; ++i) budget.deposit(kStart);
  int allowed = 0;
  while (budget.withdraw(kStart)) ++allowed;
  EXPECT_EQ(allowed, 10);
}

TEST(RetryBudget, is_bounded_and_the_reserve_grows_back) {
  RetryBudget budget(1.0, {10, 1});
  for (int i = 0; i < 1000; ++i) budget.deposit(kStart);
  EXPECT_DOUBLE_EQ(budget.attempts_left(), 20);
  while (budget.withdraw(kStart)) {
  }
  EXPECT_FALSE(budget.can_withdraw(kStart + 900ms));
  EXPECT_TRUE(budget.can_withdraw(kStart + 1100ms));
  EXPECT_TRUE(budget.can_withdraw(kStart + 1h));
  EXPECT_LE(budget.attempts_left(), 10);
}

TEST(RetryBudget, a_share_of_zero_switches_extra_attempts_off) {
  RetryBudget budget(0, {10, 10});
  EXPECT_FALSE(budget.withdraw(kStart));
  EXPECT_DOUBLE_EQ(budget.attempts_left(), 0);
}

}  // namespace
}  // namespace warmgate::policy
