// The seven cases of docs/behaviour: where a request goes now, if anywhere.
#include <algorithm>

#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

constexpr double kMarginAtWork = 1.6;

// Further instances that may be pressed for at a time; as many as there are, where that is more.
constexpr uint32_t kLeastFurther = 4;

}  // namespace

bool WarmgateDispatcher::find_route(Instant now, const Request& request, Route& route) const {
  if (is_heavy(request)) return route_heavy(now, request, route);                       // case 4
  if (!always_on_can_answer(now)) return route_without_always_on(now, request, route);  // case 6
  // Whom the serverless pool failed asks the other first: one failing pool must not fail it twice.
  if (request.has_avoid && request.avoid.pool == PoolKind::serverless &&
      to_always_on(now, request, Reason::retry, route)) {
    return true;
  }
  switch (serverless(now)) {
    case Serverless::absent:
    case Serverless::not_ready:
      return route_cold(now, request, route);  // case 1
    case Serverless::circuit_open:
      return route_around_circuit(now, request, route);  // case 5
    case Serverless::on_trial:
      return route_on_trial(now, request, route);
    case Serverless::ready:
      break;
  }
  if (prefer(now) == Prefer::always_on) return route_sparing(now, request, route);
  return demand_level_.high() ? route_high_demand(now, request, route)  // case 2
                              : route_low_demand(now, request, route);  // case 3
}

// Case 1. The always-on pool takes what it has slots for; the rest waits.
bool WarmgateDispatcher::route_cold(Instant now, const Request& request, Route& route) const {
  if (to_always_on(now, request, why_not_serverless(now), route)) return true;
  return as_starter(now, request, Reason::overflow, route);
}

// Case 2. Warm, and more demand than the always-on pool does comfortably.
bool WarmgateDispatcher::route_high_demand(Instant now, const Request& request,
                                           Route& route) const {
  return to_serverless(now, request, Reason::warm, route) ||
         to_always_on(now, request, Reason::overflow, route);
}

// Case 3. Warm, but the always-on pool alone is enough, so that the serverless pool can sleep.
bool WarmgateDispatcher::route_low_demand(Instant now, const Request& request, Route& route) const {
  if (always_on_meets(now, request) && to_always_on(now, request, Reason::low_demand, route)) {
    return true;
  }
  return to_serverless(now, request, Reason::overflow, route) ||
         to_always_on(now, request, Reason::low_demand, route);
}

// Cases 2 and 3 where the always-on pool is preferred: serverless gets only what that pool cannot
// do in time. A request waits for an always-on slot while one is likely to come in time, and is
// handed over when the serverless pool could otherwise not make it any more.
bool WarmgateDispatcher::route_sparing(Instant now, const Request& request, Route& route) const {
  const Reason reason = demand_level_.high() ? Reason::light : Reason::low_demand;
  if (always_on_meets(now, request) && to_always_on(now, request, reason, route)) return true;
  if (always_on_in_time(now, request)) {
    // An idle instance that is paid anyway is free to use, and nobody has to wait; but where it
    // cannot be let go, use prolongs its life.
    route.spare = pays_idle() && may_spend(now) && settings_.serverless.can_release &&
                  to_serverless(now, request, Reason::overflow, route);
    return route.spare;
  }
  return to_serverless(now, request, Reason::overflow, route) ||
         to_always_on(now, request, reason, route);
}

// Will an always-on slot come, after those who stand before this request, so that it is answered in
// time? Who has waited stands at the front.
bool WarmgateDispatcher::always_on_in_time(Instant now, const Request& request) const {
  const uint32_t slots = always_on_slots(now);
  if (slots == 0 || !always_on_times_.known()) return false;
  const double mean_s = always_on_times_.mean_service_s();
  const uint32_t ahead = request.waited ? 0 : queue_.ahead(request.key, Lane::on_time);
  const double work_s = always_on_work_.left_s(now, mean_s) + ahead * mean_s;
  const double answer_s = margin() * to_seconds(high_answer(always_on_times_, request));
  return work_s / slots + answer_s <= to_seconds(request.deadline - now);
}

// An instance that is at work anyway costs nothing more for a further request, so that more is
// handed over while there is one.
double WarmgateDispatcher::margin() const {
  const double room = kFilled * settings_.serverless.concurrency;
  const bool at_work = serverless_in_flight_ > 0 && serverless_in_flight_ < room;
  return at_work ? kMarginAtWork * margin_.value() : margin_.value();
}

// By then always_on_in_time() may have turned for the first of those who wait.
Instant WarmgateDispatcher::handover_due(const Request& request) const {
  const double lead_s = RunningWork::kLeast * always_on_times_.mean_service_s() +
                        margin() * to_seconds(high_answer(always_on_times_, request));
  return request.deadline - from_seconds(lead_s) + Duration{1};
}

// Case 4. Heavy requests prefer the serverless pool, and wait for it while it is cold unless the
// always-on pool is allowed to take them and meets the deadline.
bool WarmgateDispatcher::route_heavy(Instant now, const Request& request, Route& route) const {
  const Serverless condition = serverless(now);
  if (condition == Serverless::ready && to_serverless(now, request, Reason::heavy, route)) {
    return true;
  }
  const bool nothing_to_wait_for =
      condition == Serverless::absent || condition == Serverless::circuit_open;
  if (settings_.heavy.allow_always_on && always_on_can_answer(now) &&
      (nothing_to_wait_for || always_on_meets(now, request)) &&
      to_always_on(now, request, why_not_serverless(now), route)) {
    return true;
  }
  if (condition == Serverless::on_trial &&
      pick_serverless(now, warmth_.slots(now), route.backend)) {
    route.reason = Reason::circuit_trial;
    route.trial = true;
    return true;
  }
  return condition == Serverless::not_ready && as_starter(now, request, Reason::heavy, route);
}

// Why the always-on pool answers what the serverless pool would be asked first.
Reason WarmgateDispatcher::why_not_serverless(Instant now) const {
  switch (serverless(now)) {
    case Serverless::absent:
      return Reason::cold;
    case Serverless::not_ready:
      return warmth_.known() ? Reason::cold : Reason::unknown;
    case Serverless::circuit_open:
    case Serverless::on_trial:
      return Reason::circuit_open;
    case Serverless::ready:
      return Reason::overflow;  // no warm slot is free
  }
  return Reason::cold;
}

// Case 5. The serverless pool is failing: the always-on pool answers, up to what it can take.
bool WarmgateDispatcher::route_around_circuit(Instant now, const Request& request,
                                              Route& route) const {
  return to_always_on(now, request, Reason::circuit_open, route);
}

// ... and a trickle tests the way back: one request at a time, of those that may be repeated.
bool WarmgateDispatcher::route_on_trial(Instant now, const Request& request, Route& route) const {
  const bool may_test =
      request.repeatable && request.attempts_in_all == 0 && warmth_.believed_warm(now);
  if (may_test && pick_serverless(now, warmth_.slots(now), route.backend)) {
    route.reason = Reason::circuit_trial;
    route.trial = true;
    return true;
  }
  return route_around_circuit(now, request, route);
}

// Case 6. The always-on pool is down, or there is none: everything to the serverless pool. While
// that is not ready, the requests wait for the wake that they cause.
bool WarmgateDispatcher::route_without_always_on(Instant now, const Request& request,
                                                 Route& route) const {
  const bool down = settings_.always_on.backends > 0;
  const Reason reason = down ? Reason::always_on_down : Reason::warm;
  switch (serverless(now)) {
    case Serverless::ready:
      return to_serverless(now, request, reason, route);
    case Serverless::not_ready:
      return as_starter(now, request, reason, route);
    default:
      return false;
  }
}

// ---- one pool

bool WarmgateDispatcher::to_always_on(Instant now, const Request& request, Reason reason,
                                      Route& route) const {
  // Case 7: who is late anyway leaves the always-on pool alone when serverless would be sooner.
  if (is_late(now, request)) {
    const Duration ready_in = serverless_ready_in(now);
    const Duration gained =
        high_answer(always_on_times_, request) - high_answer(serverless_times_, request);
    if (ready_in < gained) return false;
  }
  const bool quarantine_holds = serverless_confirmed(now) || any_healthy_always_on(now);
  uint32_t best = settings_.always_on.backends;
  bool best_avoided = false;
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    if (!admits(now, always_on_[i], quarantine_holds)) continue;
    const bool avoided =
        request.has_avoid && request.avoid == BackendRef{PoolKind::always_on, uint16_t(i)};
    const bool better =
        best == settings_.always_on.backends || (best_avoided && !avoided) ||
        (best_avoided == avoided && always_on_[i].in_flight < always_on_[best].in_flight);
    if (!better) continue;
    best = i;
    best_avoided = avoided;
  }
  if (best == settings_.always_on.backends) return false;
  route = {{PoolKind::always_on, static_cast<uint16_t>(best)}, reason, false};
  return true;
}

bool WarmgateDispatcher::to_serverless(Instant now, const Request& request, Reason reason,
                                       Route& route) const {
  if (!pick_serverless(now, warmth_.slots(now), route.backend)) return false;
  const bool doomed = is_late(now, request) && !request.waited;
  route.reason = doomed && reason != Reason::heavy ? Reason::doomed : reason;
  route.trial = false;
  return true;
}

// To the serverless pool beyond its warm slots, by no more than the instances that may come will
// take.
bool WarmgateDispatcher::find_pressing_route(Instant now, const Request& request,
                                             Route& route) const {
  if (request.priority == Priority::low || serverless(now) != Serverless::ready) return false;
  if (!may_spend(now)) return false;
  const uint32_t have = warmth_.instances(now);
  if (have >= settings_.serverless.max_instances || warmth_.limited()) return false;
  const bool overtakes = !queue_.empty(Lane::late) || !queue_.empty(Lane::serverless_only);
  if (overtakes || busy_pools_make_it(now, request)) return false;
  const uint32_t further =
      std::min(settings_.serverless.max_instances - have, std::max(have, kLeastFurther));
  if (pressing_.in_flight() >= further * settings_.serverless.concurrency) return false;
  if (!pick_serverless(now, UINT32_MAX, route.backend)) return false;
  route.reason = Reason::overflow;
  route.trial = false;
  route.pressing = true;
  return true;
}

// Where wakes are switched off, a request that needs the pool starts it.
bool WarmgateDispatcher::as_starter(Instant now, const Request&, Reason reason,
                                    Route& route) const {
  if (settings_.wake.enabled || serverless(now) != Serverless::not_ready) return false;
  if (!may_spend(now)) return false;
  if (!pick_serverless(now, settings_.serverless.concurrency, route.backend)) return false;
  route.reason = reason;
  route.trial = false;
  return true;
}

bool WarmgateDispatcher::pick_serverless(Instant now, uint32_t slots, BackendRef& backend) const {
  // Those who press wait for further instances, and take no slot of the ones that are there.
  if (serverless_in_flight_ - pressing_.in_flight() >= slots) return false;
  const bool last_resort = !always_on_can_answer(now);
  uint32_t best = settings_.serverless.backends;
  for (uint32_t i = 0; i < settings_.serverless.backends; ++i) {
    const ServerlessBackend& candidate = serverless_[i];
    const bool nobody_there =
        candidate.circuit.refused() && candidate.circuit.state(now) == Circuit::State::open;
    if (nobody_there || (!last_resort && !candidate.circuit.may_try(now))) continue;
    if (best == settings_.serverless.backends ||
        candidate.in_flight < serverless_[best].in_flight) {
      best = i;
    }
  }
  if (best == settings_.serverless.backends) return false;
  backend = {PoolKind::serverless, static_cast<uint16_t>(best)};
  return true;
}

bool WarmgateDispatcher::admits(Instant now, const AlwaysOnBackend& backend,
                                bool quarantine_holds) const {
  const BackendHealth::State state = backend.judged.state(now);
  if (state == BackendHealth::State::dead) return false;
  if (state == BackendHealth::State::quarantined && quarantine_holds) return false;
  if (backend.judged.pausing(now)) return false;
  const uint32_t slots = backend.judged.on_trial(now) ? 1 : settings_.always_on.concurrency;
  return backend.in_flight < slots && backend.busy() < backend.limit.value();
}

// ---- what is believed

WarmgateDispatcher::Serverless WarmgateDispatcher::serverless(Instant now) const {
  if (settings_.serverless.backends == 0) return Serverless::absent;
  bool closed = false;
  bool half_open = false;
  for (uint32_t i = 0; i < settings_.serverless.backends; ++i) {
    const Circuit::State state = serverless_[i].circuit.state(now);
    closed |= state == Circuit::State::closed;
    half_open |= state == Circuit::State::half_open;
  }
  if (!closed) {
    if (always_on_can_answer(now)) {
      return half_open ? Serverless::on_trial : Serverless::circuit_open;
    }
    if (serverless_dead(now)) return Serverless::circuit_open;
    // The last pool that could answer is never quarantined.
  }
  if (!warmth_.believed_warm(now)) return Serverless::not_ready;
  if (warmth_.fresh(now) || !settings_.wake.enabled) return Serverless::ready;
  return always_on_can_answer(now) ? Serverless::not_ready : Serverless::ready;  // ask first
}

bool WarmgateDispatcher::serverless_confirmed(Instant now) const {
  if (!warmth_.fresh(now)) return false;
  for (uint32_t i = 0; i < settings_.serverless.backends; ++i) {
    if (serverless_[i].circuit.state(now) == Circuit::State::closed) return true;
  }
  return false;
}

bool WarmgateDispatcher::serverless_dead(Instant now) const {
  for (uint32_t i = 0; i < settings_.serverless.backends; ++i) {
    const Circuit& circuit = serverless_[i].circuit;
    if (!circuit.refused() || circuit.state(now) != Circuit::State::open) return false;
  }
  return true;
}

bool WarmgateDispatcher::any_healthy_always_on(Instant now) const {
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    if (always_on_[i].judged.state(now) == BackendHealth::State::healthy) return true;
  }
  return false;
}

bool WarmgateDispatcher::always_on_dead(Instant now) const {
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    if (always_on_[i].judged.state(now) != BackendHealth::State::dead) return false;
  }
  return true;
}

bool WarmgateDispatcher::always_on_can_answer(Instant now) const {
  if (any_healthy_always_on(now)) return true;
  return !always_on_dead(now) && !serverless_confirmed(now);
}

bool WarmgateDispatcher::anyone_could_answer(Instant now) const {
  return !always_on_dead(now) || !serverless_dead(now);
}

uint32_t WarmgateDispatcher::always_on_slots(Instant now) const {
  const bool quarantine_holds = serverless_confirmed(now) || any_healthy_always_on(now);
  uint32_t slots = 0;
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    const BackendHealth::State state = always_on_[i].judged.state(now);
    if (state == BackendHealth::State::dead) continue;
    if (state == BackendHealth::State::quarantined && quarantine_holds) continue;
    const uint32_t all = always_on_[i].judged.on_trial(now) ? 1 : settings_.always_on.concurrency;
    slots += std::min(all - std::min(all, always_on_[i].lasting), always_on_[i].limit.value());
  }
  return slots;
}

uint32_t WarmgateDispatcher::always_on_in_flight() const {
  uint32_t in_flight = 0;
  for (const AlwaysOnBackend& backend : always_on_) in_flight += backend.in_flight;
  return in_flight;
}

bool WarmgateDispatcher::is_heavy(const Request& request) const {
  return request.heavy || request.bytes >= settings_.heavy.bytes;
}

// Of what is known.
Duration WarmgateDispatcher::quicker(Duration always_on, Duration serverless) const {
  if (!always_on_times_.known()) return serverless;
  if (!serverless_times_.known()) return always_on;
  return std::min(always_on, serverless);
}

bool WarmgateDispatcher::is_late(Instant now, const Request& request) const {
  return request.deadline < now + quickest_answer(request);
}

bool WarmgateDispatcher::always_on_meets(Instant now, const Request& request) const {
  return now + high_answer(always_on_times_, request) <= request.deadline;
}

Duration WarmgateDispatcher::serverless_ready_in(Instant now) const {
  switch (serverless(now)) {
    case Serverless::ready:
      return Duration{};
    case Serverless::absent:
    case Serverless::circuit_open:
      return Duration::max();
    case Serverless::on_trial:
    case Serverless::not_ready:
      break;
  }
  if (wakes_.in_flight() == 0) return cold_starts_.slow();
  return cold_starts_.remaining(now - wakes_.oldest_sent());
}

}  // namespace warmgate::policy
