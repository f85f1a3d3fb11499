// Wakes, what they may cost, cold starts, and who saw them.
#include <algorithm>
#include <cmath>
#include <utility>

#include "policy/probe_outcome.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

// A wake for a further instance is held open this long at most, a quarter of a start where that is
// shorter, so that it takes up a slot and presses the platform. Only where an instance has many
// slots: where it has few, held wakes would take the new instance from those who wait for it.
constexpr Duration kShortestHold = 50ms;
constexpr Duration kLongestHold = 500ms;
constexpr uint32_t kManySlots = 16;
constexpr Duration kShortestFutilePause = 1s;
constexpr Duration kLeaseGrace = 5s;  // beyond the probe's own timeout
constexpr uint32_t kMostPreconnects = 32;
constexpr double kSpareDeviations = 2;
constexpr double kCallingBacklog = 0.25;  // of the time that a request may wait

}  // namespace

void WarmgateDispatcher::update_demand_level(Instant now) {
  const uint32_t slots = always_on_slots(now);
  if (slots == 0) return;
  const double busy = always_on_times_.known()
                          ? demand_.now_per_s(now) * always_on_times_.mean_service_s()
                          : static_cast<double>(always_on_in_flight());
  demand_level_.update(busy / slots, settings_.wake.headroom);
}

// ---- wakes

bool WarmgateDispatcher::may_wake(Instant now) const {
  return settings_.wake.enabled && !draining_ && settings_.serverless.backends > 0 &&
         wakes_.may_send(now) && serverless(now) != Serverless::circuit_open && may_spend(now);
}

// Before anyone has to wait if the forecast allows, and at the latest when the first one does. A
// forecast speaks when a request arrives; the memory of a burst alone wakes nobody, so that an idle
// pool is left alone.
void WarmgateDispatcher::wake_if_needed(Instant now) {
  const bool needed =
      backlog_calls(now) ||
      (demand_.arrived_at(now) && (forecast_exceeds_always_on(now) || gathering_calls(now)));
  const bool recurs = seasons_.calls(now);
  if ((!needed && !recurs) || !may_wake(now)) return;
  const uint32_t have = serverless_usable(now) ? warmth_.instances(now) : 0;
  const uint32_t coming = have + starting_instances();
  uint32_t wanted = needed ? worth_waking(now, instances_wanted(now), coming) : 0;
  const uint32_t recurring = recurs ? recurring_wanted(now) : 0;
  const bool ahead = recurring > wanted;
  wanted = std::max(wanted, recurring);
  if (!ordered_.empty()) ask_for_ordered(now, have, wanted);
  if (wanted <= coming || !wakes_.may_ask_for(now, wanted)) return;
  if (ahead || !met_by_idle(now, wanted - coming)) send_wakes(now, wanted - coming, wanted, ahead);
}

uint32_t WarmgateDispatcher::idle_slots(Instant now) const {
  const uint32_t slots = warmth_.slots(now);
  return slots - std::min(slots, serverless_in_flight_);
}

// So many wakes would all be answered at once by those who idle, and bring nobody. What is held
// takes a slot up, and may; and where nobody pings those who idle, a wake keeps them.
bool WarmgateDispatcher::met_by_idle(Instant now, uint32_t instances) const {
  if (!keeps_instances() || !warmth_.fresh(now) || wake_hold(false) > Duration{}) return false;
  return wakes_for(instances) <= idle_slots(now);
}

// For k instances (k - 1) * concurrency + 1 must be in flight at once; where that is more than the
// leases allow, the platform adds the rest under load.
uint32_t WarmgateDispatcher::wakes_for(uint32_t instances) const {
  const uint32_t concurrency = instance_slots();
  return (std::min(instances, 1 + (WakeLeases::kMost - 1) / concurrency) - 1) * concurrency + 1;
}

// Those that never came: to ask for more at once would be futile.
void WarmgateDispatcher::forget_ordered(Instant now) {
  if (!warmth_.believed_warm(now)) return ordered_.clear();
  const uint32_t gone = ordered_.forget(now, instance_slots());
  if (gone > 0) wakes_.futile(now, futile_pause(), warmth_.instances(now) + gone);
}

Duration WarmgateDispatcher::futile_pause() const {
  return std::clamp(cold_starts_.typical(), kShortestFutilePause, WakeLeases::kLongestFutilePause);
}

// When all that are known are at work, and others were ordered that should be there by now.
void WarmgateDispatcher::ask_for_ordered(Instant now, uint32_t have, uint32_t wanted) {
  if (wanted <= have || serverless_in_flight_ < warmth_.slots(now)) return;
  const bool from_cold = !warmth_.fresh(now);
  const uint32_t room = WakeLeases::kMost - wakes_.in_flight();
  const uint32_t due = std::min(ordered_.ask(now, cold_starts_.typical(), instance_slots()), room);
  const WakeLeases::Lease lease{
      .from_cold = from_cold, .orders = false, .asks = true, .wanted = wanted};
  for (uint32_t i = 0; i < due; ++i) send_wake(now, wake_hold(from_cold), lease);
}

// Where idle time is paid, a wake that only a forecast calls for has to be worth it. Who waits
// already is not asked, nor who has no other pool.
uint32_t WarmgateDispatcher::worth_waking(Instant now, uint32_t wanted, uint32_t coming) {
  const bool needed = waiting_for_serverless(now) > 0 || always_on_slots(now) == 0;
  if (!pays_idle() || needed) return wanted;
  return rentals_.worth_waking(now, wanted, coming, rental_terms());
}

// Do those who wait call for the serverless pool?
bool WarmgateDispatcher::backlog_calls(Instant now) const {
  if (queue_.empty()) return false;
  if (prefer(now) == Prefer::serverless || !queue_.empty(Lane::late) ||
      !queue_.empty(Lane::serverless_only)) {
    return true;
  }
  const double rate = always_on_rate(now);
  if (rate == 0) return true;
  const double slack_s = to_seconds(settings_.slo - high_answer(always_on_times_));
  return queue_.size() / rate > kCallingBacklog * slack_s;
}

bool WarmgateDispatcher::forecast_exceeds_always_on(Instant now) const {
  const uint32_t slots = always_on_slots(now);
  if (slots == 0 || !always_on_times_.known()) return false;
  const double busy =
      demand_.forecast_per_s(now, cold_starts_.slow()) * always_on_times_.mean_service_s();
  return busy > settings_.wake.headroom * slots;
}

bool WarmgateDispatcher::serverless_usable(Instant now) const {
  return serverless(now) == Serverless::ready || warmth_.fresh(now);
}

// In all, those that are there included.
uint32_t WarmgateDispatcher::instances_wanted(Instant now) {
  const bool usable = serverless_usable(now);
  if (usable && serverless(now) == Serverless::on_trial) return 0;  // trials, not wakes, lead back
  const bool only_confirm = !usable && warmth_.believed_warm(now);
  const uint32_t wanted = only_confirm  ? 1
                          : pays_idle() ? paid_instances_wanted(now)
                                        : instances_for(concurrency_wanted(now));
  return std::min(wanted, settings_.serverless.max_instances);
}

// What is needed now or foreseen, without the spare and the memory that idle time for nothing pays.
uint32_t WarmgateDispatcher::paid_instances_wanted(Instant now) const {
  const double per_slot = serverless_rate_per_slot();
  if (per_slot == 0) return std::max(1u, rentals_.needed());
  const double load = demand_.forecast_per_s(now, cold_starts_.slow()) / per_slot;
  const double beyond = load - settings_.wake.headroom * always_on_slots(now);
  return std::max(rentals_.needed(), instances_for(beyond));
}

uint32_t WarmgateDispatcher::instances_for(double concurrency) const {
  const double instances = std::ceil(concurrency / instance_slots());
  return static_cast<uint32_t>(std::clamp(instances, 1.0, 1e6));
}

// How many requests the serverless pool should be able to take at once: what is forecast beyond the
// always-on pool, with a spare for the unevenness of arrivals (its deviation grows as the root of
// the load: Erlang), or was needed lately, or is there now; and enough to work off those who wait
// within half of the SLO.
double WarmgateDispatcher::concurrency_wanted(Instant now) {
  const double per_slot = serverless_rate_per_slot();
  const double waiting = queue_.size() + gathering_beyond_slots(now);
  if (per_slot == 0) return serverless_in_flight_ + waiting;
  const double service_s = 1 / per_slot;
  const double backlog = waiting * service_s / std::max(service_s, to_seconds(settings_.slo) / 2);
  const double load = demand_.forecast_per_s(now, cold_starts_.slow()) * service_s;
  const double foreseen =
      load + kSpareDeviations * std::sqrt(load) - settings_.wake.headroom * always_on_slots(now);
  const double present = warmth_.fresh(now) ? serverless_in_flight_ : 0;
  return std::max(bursts_.learn(now, foreseen), present) + backlog;
}

// One wake starts one instance. Where nobody comes yet, those that idle take as many wakes as they
// have slots.
void WarmgateDispatcher::send_wakes(Instant now, uint32_t instances, uint32_t wanted, bool ahead) {
  const bool from_cold = !warmth_.fresh(now);
  if (from_cold && !cold_start_.under_way) cold_start_ = {true, now, 0};
  // The platform starts another one where more wait than are starting already.
  const uint32_t taken = from_cold ? 0 : idle_slots(now);
  const uint32_t wakes =
      std::min(wakes_for(instances) + (ahead ? taken : 0), WakeLeases::kMost - wakes_.in_flight());
  const uint32_t ordered = ordered_.orders() + taken;
  for (uint32_t i = 0; i < wakes; ++i) {
    const bool orders = wakes_.in_flight() >= ordered;
    send_wake(now, wake_hold(from_cold),
              {.from_cold = from_cold, .orders = orders, .wanted = wanted});
  }
}

Duration WarmgateDispatcher::wake_hold(bool from_cold) const {
  if (from_cold || settings_.serverless.concurrency < kManySlots) return Duration{};
  return std::clamp(cold_starts_.typical() / 4, kShortestHold, kLongestHold);
}

void WarmgateDispatcher::send_wake(Instant now, Duration hold, WakeLeases::Lease lease) {
  uint32_t best = settings_.serverless.backends;
  for (uint32_t i = 0; i < settings_.serverless.backends; ++i) {
    const Circuit& circuit = serverless_[i].circuit;
    if (circuit.state(now) == Circuit::State::open && circuit.refused()) continue;
    if (best == settings_.serverless.backends ||
        serverless_[i].circuit.state(now) < serverless_[best].circuit.state(now)) {
      best = i;  // a closed circuit first
    }
  }
  if (best == settings_.serverless.backends) return;
  const ProbeId probe = next_probe_id();
  const auto index = static_cast<uint16_t>(best);
  lease.probe = probe;
  lease.backend = index;
  lease.sent = now;
  lease.expires = now + settings_.wake.timeout + kLeaseGrace;
  wakes_.sent(lease);
  ++cold_start_counts_.wakes;
  spending_.request();
  ++probes_by_kind_[static_cast<size_t>(ProbeKind::wake)];
  emit(StartProbe{
      probe, {PoolKind::serverless, index}, ProbeKind::wake, settings_.wake.timeout, hold});
}

void WarmgateDispatcher::wake_ended(Instant now, const WakeLeases::Lease& lease,
                                    const ProbeFinished& event) {
  if (answers(event.outcome)) return wake_succeeded(now, lease, event);
  wake_failed(now, lease, event.outcome);
}

void WarmgateDispatcher::wake_succeeded(Instant now, const WakeLeases::Lease& lease,
                                        const ProbeFinished& event) {
  const Duration took = now - lease.sent;
  const bool believed = warmth_.believed_warm(now);
  bool was_start = took >= cold_starts_.typical() / 2 || (warmth_.known() && !believed);
  const bool stranger = event.evidence && !warmth_.knows(event.evidence->instance);
  if (event.evidence) was_start = event.evidence->age <= took && stranger;
  const bool was_fresh = warmth_.fresh(now);
  if (was_start && believed && !was_fresh && warmth_.silence(now) > took) {
    warmth_.found_cold(warmth_.silence(now) - took);
  }
  warmth_answered(now, event.evidence, evidence_of(event.outcome), false);
  serverless_[lease.backend].circuit.success(now);
  if (was_start || cold_start_.under_way) wakes_.succeeded();
  const bool met = stranger && !was_start;  // one that was ordered before
  const bool elsewhere = !was_start && lease.orders && !stranger && event.evidence;
  if (elsewhere) ordered_.ordered(lease.sent, cold_starts_.typical());
  if (met) {
    ordered_.found(instance_slots());
    wakes_.succeeded();
  }
  if (cold_start_.under_way) return became_ready(now, lease, was_start);
  if (was_start && !event.evidence) warmth_.one_more_slot();
  if (was_start || met || elsewhere || lease.asks || lease.from_cold) return;
  wakes_.futile(now, futile_pause(), lease.wanted);
}

void WarmgateDispatcher::wake_failed(Instant now, const WakeLeases::Lease& lease, Outcome outcome) {
  ++cold_start_counts_.wakes_failed;
  wakes_.failed(now);
  Circuit& circuit = serverless_[lease.backend].circuit;
  if (outcome == Outcome::connect_failed) {
    circuit.connection_refused(now);
  } else if (outcome != Outcome::refused_busy && outcome != Outcome::cancelled) {
    circuit.strike(now);
  }
  if (wakes_.in_flight() == 0 && queue_.empty()) cold_start_.under_way = false;
}

// The first instance answers. Connections are opened first, then settle() releases the queue, in
// this same step.
void WarmgateDispatcher::became_ready(Instant now, const WakeLeases::Lease& lease, bool was_start) {
  cold_start_.under_way = false;
  if (was_start) {
    cold_starts_.started_in(now - lease.sent);
    const Duration took = now - cold_start_.wake_sent;
    ready_times_.record(took);
    cold_start_counts_.last_ready_s = to_seconds(took);
    const bool seen = cold_start_.delayed > 0 || !queue_.empty();
    ++(seen ? cold_start_counts_.seen : cold_start_counts_.hidden);
  }
  if (queue_.empty()) return;
  ready_at_ = now;
  preconnect(now);
}

void WarmgateDispatcher::preconnect(Instant now) {
  const uint32_t wanted = std::min({queue_.size(), warmth_.slots(now), kMostPreconnects});
  BackendRef backend;
  if (wanted > 0 && pick_serverless(now, warmth_.slots(now), backend)) {
    emit(Preconnect{backend, wanted});
  }
}

// Of the first request that goes to serverless after a start that others waited for.
std::optional<Duration> WarmgateDispatcher::since_ready(Instant now, const Route& route) {
  if (ready_at_ == kNever || route.backend.pool != PoolKind::serverless) return std::nullopt;
  return now - std::exchange(ready_at_, kNever);
}

// A request's answer waited for a start. `first_of_its_start`: and no wake of ours had caused it.
void WarmgateDispatcher::note_delayed(bool first_of_its_start) {
  ++cold_start_counts_.requests_delayed;
  if (cold_start_.under_way) {
    ++cold_start_.delayed;
  } else if (first_of_its_start) {
    ++cold_start_counts_.seen;
  }
}

uint32_t WarmgateDispatcher::starting_instances() const {
  const uint32_t concurrency = instance_slots();
  const uint32_t wakes = wakes_.ordering();
  return (wakes + concurrency - 1) / concurrency + ordered_.instances(concurrency);
}

// ---- money

// A guess at what the platform bills now: who starts or works, or all who live.
uint32_t WarmgateDispatcher::billed_instances(Instant now) const {
  const uint32_t starting = starting_instances();
  if (settings_.serverless.billing == Billing::instance) {
    const uint32_t there = std::max({1u, warmth_.instances(now), paid_.possible()});
    return starting + (warmth_.believed_warm(now) ? there : 0);
  }
  const double filled = std::max(1.0, kFilled * settings_.serverless.concurrency);
  if (serverless_in_flight_ <= filled) return starting + (serverless_in_flight_ > 0 ? 1 : 0);
  const auto working = static_cast<uint32_t>(std::ceil(serverless_in_flight_ / filled));
  return starting + std::min(working, std::max(1u, warmth_.instances(now)));
}

// Once a budget is spent, nothing more is begun: no wake, no ping, nothing that presses for another
// instance. Who is warm is used, but spared. The last pool that could answer is never withheld.
bool WarmgateDispatcher::may_overspend(Instant now) const {
  return settings_.budget.when_spent == WhenSpent::warn || !always_on_can_answer(now);
}

Prefer WarmgateDispatcher::prefer(Instant now) const {
  return may_spend(now) ? settings_.prefer : Prefer::always_on;
}

}  // namespace warmgate::policy
