// A picture of the state, and the checks that it makes sense.
#include <algorithm>

#include "base/assert.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

double quantile_s(const stats::LatencyHistogram& times, double q) {
  return to_seconds(times.quantile(q));
}

}  // namespace

PoolState WarmgateDispatcher::serverless_state(Instant now) const {
  const Serverless condition = serverless(now);
  if (condition == Serverless::absent || condition == Serverless::circuit_open) {
    return PoolState::down;
  }
  if (wakes_.in_flight() > 0 && !warmth_.fresh(now)) return PoolState::starting;
  if (warmth_.believed_warm(now)) return PoolState::warm;
  return warmth_.known() ? PoolState::cold : PoolState::unknown;
}

PoolState WarmgateDispatcher::always_on_state(Instant now) const {
  if (!any_healthy_always_on(now)) return PoolState::down;
  for (const AlwaysOnBackend& backend : always_on_) {
    if (backend.judged.last_evidence() != Instant::min()) return PoolState::warm;
  }
  return PoolState::unknown;
}

ServiceStatus WarmgateDispatcher::status(Instant now) const {
  ServiceStatus status;
  status.always_on.pool = PoolKind::always_on;
  status.always_on.state = always_on_state(now);
  status.always_on.slots = always_on_slots(now);
  status.always_on.in_flight = always_on_in_flight();
  status.always_on.times = always_on_times_.learned();
  Instant last_evidence = Instant::min();
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    const AlwaysOnBackend& backend = always_on_[i];
    const bool healthy = backend.judged.state(now) == BackendHealth::State::healthy;
    status.always_on.slots += backend.lasting;
    status.always_on.backends.push_back({.healthy = healthy,
                                         .in_flight = backend.in_flight,
                                         .strikes = backend.judged.strikes(),
                                         .probe_unproven = backend.judged.probe_unproven(),
                                         .limit = backend.limit.value(),
                                         .limit_lowered = backend.limit.times_lowered()});
    if (backend.judged.last_evidence() <= last_evidence) continue;
    last_evidence = backend.judged.last_evidence();
    status.always_on.evidence = backend.judged.evidence();
    status.always_on.evidence_age = now - last_evidence;
  }

  status.serverless.pool = PoolKind::serverless;
  status.serverless.state = serverless_state(now);
  status.serverless.evidence = warmth_.evidence();
  status.serverless.evidence_age = warmth_.evidence_age(now);
  status.serverless.slots = warmth_.slots(now);
  status.serverless.in_flight = serverless_in_flight_;
  status.serverless.instances = warmth_.instances(now);
  status.serverless.starting = starting_instances();
  status.serverless.idle_lifetime = warmth_.idle_lifetime().estimate();
  status.serverless.idle_surely = warmth_.idle_lifetime().surely();
  status.serverless.times = serverless_times_.learned();
  for (uint32_t i = 0; i < settings_.serverless.backends; ++i) {
    const ServerlessBackend& backend = serverless_[i];
    const Circuit::State circuit = backend.circuit.state(now);
    status.serverless.backends.push_back({.healthy = !backend.circuit.refused(),
                                          .circuit_open = circuit != Circuit::State::closed,
                                          .in_flight = backend.in_flight,
                                          .strikes = backend.circuit.strikes(),
                                          .probe_unproven = warmth_.wake_unproven()});
  }

  status.queued = queue_.size();
  status.queued_bytes = queue_.bytes();
  requests_.for_each([&](Slot slot, const Request& request) {
    if (queue_.contains(slot))
      status.oldest_wait = std::max(status.oldest_wait, now - request.arrived);
  });
  status.gathering = gathering_.size();
  status.gathering_bytes = gathering_.bytes();
  status.queue_stands = delay_.stood() && !queue_.empty();
  status.demand_per_s = demand_.forecast_per_s(now, cold_starts_.slow());
  status.recurring_instances = recurring_instances(now);
  status.scheduled_instances = scheduled_instances(now);
  status.cold_start = cold_start_counts_;
  status.cold_start.ready_p50_s = quantile_s(ready_times_, 0.5);
  status.cold_start.ready_p99_s = quantile_s(ready_times_, 0.99);
  for (size_t i = 0; i < kBudgetWindowCount; ++i) {
    status.spending.within[i] = spending_.spent(now, static_cast<BudgetWindow>(i));
  }
  status.spending.total = spending_.total();
  status.spending.over = spending_.over();
  status.bypasses = bypasses_;
  status.bypasses_won = bypasses_won_;
  status.bypass_budget = bypass_budget_.attempts_left();
  status.retries = retries_;
  status.draining = draining_;
  status.attempts_by_reason = attempts_by_reason_;
  status.rejects_by_reason = rejects_by_reason_;
  status.probes_by_kind = probes_by_kind_;
  return status;
}

void WarmgateDispatcher::check_invariants() const {
  queue_.check_invariants();
  gathering_.check_invariants();
  warmth_.check_invariants();
  bypass_due_.check_invariants();
  silence_due_.check_invariants();
  check_attempts();
  check_requests();
  WG_ASSERT(!draining_ || (queue_.empty() && gathering_.empty()), "nobody waits during a drain");
  WG_ASSERT(wakes_.in_flight() <= WakeLeases::kMost, "wakes are bounded");
  WG_ASSERT(kept_.sound(), "pings are bounded");
}

void WarmgateDispatcher::check_attempts() const {
  std::vector<uint32_t> always_on(always_on_.size()), lasting(always_on_.size());
  std::vector<uint32_t> serverless(serverless_.size());
  uint32_t serverless_total = 0;
  attempts_.for_each([&](Slot slot, const Attempt& attempt) {
    const bool on_always_on = attempt.backend.pool == PoolKind::always_on;
    ++(on_always_on ? always_on : serverless)[attempt.backend.index];
    serverless_total += on_always_on ? 0 : 1;
    if (on_always_on && attempt.lasting) ++lasting[attempt.backend.index];
    const bool watched = silence_due_.contains(slot) || bypass_due_.contains(slot);
    WG_ASSERT(!watched || (!on_always_on && !attempt.answered && attempt.request != kNoSlot),
              "only silent serverless attempts are watched");
    if (attempt.request == kNoSlot) return;
    WG_ASSERT(requests_.holds(attempt.request), "an attempt's request exists");
    const Request& request = requests_[attempt.request];
    WG_ASSERT(request.running[0] == slot || request.running[1] == slot,
              "a request knows its attempts");
  });
  for (size_t i = 0; i < always_on.size(); ++i) {
    WG_ASSERT(always_on[i] == always_on_[i].in_flight, "always-on slots are those of attempts");
    WG_ASSERT(lasting[i] == always_on_[i].lasting, "so are those that lasting attempts hold");
    WG_ASSERT(always_on_[i].limit.sound(), "a limit is between one and the profiled slots");
  }
  for (size_t i = 0; i < serverless.size(); ++i) {
    WG_ASSERT(serverless[i] == serverless_[i].in_flight, "serverless slots are those of attempts");
  }
  WG_ASSERT(serverless_total == serverless_in_flight_, "the sum over the backends is kept");
}

void WarmgateDispatcher::check_requests() const {
  requests_.for_each([&](Slot slot, const Request& request) {
    uint32_t running = 0;
    for (const Slot attempt : request.running) {
      if (attempt == kNoSlot) continue;
      ++running;
      WG_ASSERT(attempts_.holds(attempt) && attempts_[attempt].request == slot,
                "an attempt knows its request");
    }
    const int states = queue_.contains(slot) + gathering_.contains(slot) + (running > 0 ? 1 : 0);
    WG_ASSERT(states == 1, "a request gathers, or waits, or runs");
    WG_ASSERT(request.committed == kNoSlot || running == 1, "a committed request has one attempt");
  });
  uint32_t waiting = 0, gathering = 0;
  requests_.for_each([&](Slot slot, const Request& request) {
    waiting += queue_.contains(slot) ? 1 : 0;
    gathering += gathering_.contains(slot) ? 1 : 0;
    WG_ASSERT(!gathering_.contains(slot) || request.attempts_in_all == 0,
              "nothing of a request is sent before its body is here");
  });
  WG_ASSERT(waiting == queue_.size(), "everyone in the queue is a request");
  WG_ASSERT(gathering == gathering_.size(), "everyone who gathers is a request");
}

}  // namespace warmgate::policy
