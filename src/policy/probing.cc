// Probes that are no wakes: keeping the serverless pool warm, health of the always-on pool.
#include <algorithm>

#include "policy/probe_outcome.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

constexpr double kProbeJitter = 0.1;
constexpr double kKeepWarmShare = 0.5;  // of the idle gap that is surely survived
// Pings at least so far apart, where the platform's ceiling allows it: an instance that ended at
// once must not have the pool pinged twice a second from then on, and only gaps that are left show
// that they are survived again.
constexpr Duration kLeastPause = 10s;
constexpr Duration kKeepWarmRetry = 5s;

}  // namespace

// ---- keeping warm: only where the configuration or a schedule asks for it

Duration WarmgateDispatcher::keep_warm_interval() const {
  const Duration set = settings_.serverless.keep_warm_interval;
  if (set > Duration{}) return set;
  const auto share_of = [](Duration gap) { return from_seconds(kKeepWarmShare * to_seconds(gap)); };
  return std::max(share_of(warmth_.idle_lifetime().surely()),
                  std::min(kLeastPause, share_of(settings_.serverless.idle_lifetime)));
}

// For so long the pings of one instance cost less than to start it again. One that shares its slots
// among many takes as many pings.
Duration WarmgateDispatcher::worth_keeping() const {
  const ServerlessSettings& pool = settings_.serverless;
  const double per_s = pool.usd_per_instance_s;
  const double fee_s = per_s > 0 ? pool.usd_per_request / per_s : 0;
  const double ping_s = to_seconds(Spending::kStep) + instance_slots() * fee_s;
  return from_seconds(to_seconds(cold_starts_.typical()) / ping_s *
                      to_seconds(keep_warm_interval()));
}

// As far as a volley reaches.
uint32_t WarmgateDispatcher::kept_instances() const {
  if (!keeps_instances()) return 1;
  return std::min(kept_.instances(), 1 + (KeptInstances::kMost - 1) / instance_slots());
}

void WarmgateDispatcher::on(Instant now, const ScheduleTold& event) {
  schedule_ = event;
  if (event.since_monday >= Duration{}) seasons_.week_told(now, event.since_monday);
  scheduled_asked_ = std::min(scheduled_asked_, scheduled_instances(now));
}

// A window is prepared for the length of a start before it opens.
Instant WarmgateDispatcher::schedule_lead() const {
  return schedule_.next_change == kNever ? kNever : schedule_.next_change - cold_starts_.slow();
}

uint32_t WarmgateDispatcher::scheduled_instances(Instant now) const {
  const uint32_t soon = now >= schedule_lead() ? schedule_.next_instances : 0;
  return std::min(std::max(schedule_.instances, soon), settings_.serverless.max_instances);
}

// When nobody has answered for an interval; where several are kept, whoever answers meanwhile says
// nothing of the others.
Instant WarmgateDispatcher::keep_warm_due(Instant now) const {
  if (settings_.serverless.backends == 0 || draining_ || kept_.in_flight() > 0) return kNever;
  if (wakes_.in_flight() > 0 || serverless(now) == Serverless::circuit_open) return kNever;
  if (scheduled_instances(now) > scheduled_asked_) return std::max(now, wakes_.paused_until());
  const Duration interval = keep_warm_interval();
  const bool never = kept_.sent() == Instant::min();
  const Instant after_last = never ? now : kept_.sent() + std::min(interval, kKeepWarmRetry);
  if (!warmth_.believed_warm(now)) return std::max(after_last, wakes_.paused_until());
  const Instant silent = now - warmth_.silence(now) + interval;
  const Instant others = never || kept_instances() == 1 ? kNever : kept_.sent() + interval;
  return std::max(after_last, std::min(silent, others));
}

void WarmgateDispatcher::keep_warm(Instant now) {
  if (keeps_instances()) kept_.needed(now, in_use(), worth_keeping());
  if (now < keep_warm_due(now)) return;
  scheduled_asked_ = scheduled_instances(now);
  const uint32_t wanted = std::max(1u, scheduled_asked_);
  if (!warmth_.believed_warm(now) && may_wake(now)) {
    kept_.asked(now);
    return send_wakes(now, wanted, wanted);
  }
  const uint32_t kept = kept_instances();
  const uint32_t idle = kept - std::min(kept, in_use());
  ping(now, idle > 1 ? (idle - 1) * instance_slots() + 1 : 1);
}

void WarmgateDispatcher::ping(Instant now, uint32_t pings) {
  for (uint32_t i = 0; i < pings; ++i) {
    const ProbeId probe = next_probe_id();
    if (i == 0) kept_.volley(now, probe, pings);
    ++probes_by_kind_[static_cast<size_t>(ProbeKind::keep_warm)];
    spending_.request();
    emit(StartProbe{probe,
                    {PoolKind::serverless, 0},
                    ProbeKind::keep_warm,
                    settings_.wake.timeout,
                    Duration{}});
  }
}

void WarmgateDispatcher::keep_warm_ended(Instant now, const ProbeFinished& event) {
  const Duration took = now - kept_.sent();
  if (!answers(event.outcome)) {
    if (event.outcome != Outcome::cancelled) warmth_.doubt();
    if (event.outcome == Outcome::connect_failed) serverless_[0].circuit.connection_refused(now);
    return;
  }
  const bool was_start =
      event.evidence ? event.evidence->age <= took : took >= cold_starts_.typical() / 2;
  if (was_start && warmth_.known() && warmth_.silence(now) > took) {
    warmth_.found_cold(warmth_.silence(now) - took);
    cold_starts_.started_in(took);
  }
  warmth_answered(now, event.evidence, evidence_of(event.outcome), false);
  const uint32_t have = warmth_.instances(now);
  if (have < scheduled_asked_ && may_wake(now)) {
    send_wakes(now, scheduled_asked_ - have, scheduled_asked_);
  }
}

// ---- health of the always-on pool

void WarmgateDispatcher::probe_always_on(Instant now) {
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    AlwaysOnBackend& backend = always_on_[i];
    if (backend.probe || now < backend.next_probe) continue;
    backend.probe = next_probe_id();
    ++probes_by_kind_[static_cast<size_t>(ProbeKind::health)];
    emit(StartProbe{backend.probe,
                    {PoolKind::always_on, static_cast<uint16_t>(i)},
                    ProbeKind::health,
                    settings_.health.timeout,
                    Duration{}});
  }
  set_next_health();
}

void WarmgateDispatcher::set_next_health() {
  next_health_ = kNever;
  if (!settings_.health.enabled) return;
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    if (!always_on_[i].probe) next_health_ = std::min(next_health_, always_on_[i].next_probe);
  }
}

void WarmgateDispatcher::health_ended(Instant now, AlwaysOnBackend& backend, Outcome outcome) {
  backend.probe = ProbeId{};
  if (outcome == Outcome::ok) {
    backend.judged.probe_good(now);
  } else if (answers(outcome)) {
    backend.judged.probe_answered(now);
  } else if (outcome != Outcome::cancelled) {
    backend.judged.probe_failed(now, outcome == Outcome::connect_failed);
  }
  const double jitter = 1 + kProbeJitter * (2 * prng_.uniform() - 1);
  const double interval_s = to_seconds(backend.judged.probe_interval(now)) * jitter;
  backend.next_probe = now + from_seconds(interval_s);
  set_next_health();
}

void WarmgateDispatcher::on(Instant now, const ProbeFinished& event) {
  if (kept_.ended(event.probe)) return keep_warm_ended(now, event);
  if (event.probe == release_ && event.probe) return release_ended(now, event);
  for (AlwaysOnBackend& backend : always_on_) {
    if (backend.probe == event.probe) return health_ended(now, backend, event.outcome);
  }
  WakeLeases::Lease lease;
  if (wakes_.ended(event.probe, lease)) wake_ended(now, lease, event);
}

}  // namespace warmgate::policy
