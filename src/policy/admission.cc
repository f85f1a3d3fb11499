// Arrival, waiting and refusal: who may wait, for what, how long, and in which order they leave.
#include <algorithm>

#include "base/assert.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

// What a body of undeclared size is assumed to hold of the queue's bytes.
constexpr uint64_t kUnknownBodyBytes = 64u << 10;

constexpr Duration kShortestRetryAfter = 1s;
constexpr Duration kLongestRetryAfter = 120s;

// Predicted waits are stretched by this, so that a queue in overload does not stand at the very
// edge of the deadlines, where the noise of the prediction makes a part of it late.
constexpr double kCaution = 1.25;

// from + length, where length may be "no limit".
Instant after(Instant from, Duration length) {
  return length >= kNever - from ? kNever : from + length;
}

}  // namespace

// Of a request that is here with its body.
inline void WarmgateDispatcher::admit(Instant now, Slot slot, const Request& request) {
  update_demand_level(now);
  if (!anyone_could_answer(now)) return reject(now, slot, RejectReason::all_down, 503);
  if (!queue_.empty()) release(now);  // time alone may have made room: first come those who wait
  Route route;
  if (find_route(now, request, route)) return start(now, slot, route);
  wait_or_refuse(now, slot);
}

void WarmgateDispatcher::on(Instant now, const RequestArrived& event) {
  const Slot slot = requests_.insert(event.request);
  Request& request = requests_[slot];
  request.id = event.request;
  request.arrived = now;
  request.deadline = after(now, std::min(event.client_limit, settings_.slo));
  request.patience = after(now, event.client_limit);
  request.bytes = event.bytes;
  request.queue_bytes = event.bytes_known ? event.bytes : std::max(event.bytes, kUnknownBodyBytes);
  request.priority = event.priority;
  request.heavy = event.heavy;
  request.repeatable = event.repeatable;
  request.key = event.key;

  if (draining_) return reject(now, slot, RejectReason::draining, 503);
  demand_.arrived(now);
  seasons_.arrived(now);
  if (event.gathers > 0) [[unlikely]]
    return gather(now, slot, event.gathers);
  admit(now, slot, request);
}

// Its wait and its deadline count from here: how long a client takes to send is no latency of ours.
// Its own limit is a promise about the whole, and goes on.
void WarmgateDispatcher::on(Instant now, const BodyHere& event) {
  const Slot slot = requests_.find(event.request);
  if (slot == kNoSlot || !gathering_.contains(slot)) return;
  Request& request = requests_[slot];
  if (request.patience <= now) return reject(now, slot, RejectReason::slow_body, 408);
  gathering_.remove(slot);
  request.arrived = now;
  request.deadline = std::min(request.patience, now + settings_.slo);
  request.bytes = request.queue_bytes = std::max(request.bytes, event.bytes);
  admit(now, slot, request);
}

void WarmgateDispatcher::wait_or_refuse(Instant now, Slot slot) {
  if (press(now, slot)) return;
  const bool start_helps = start_would_help(now);
  if (!find_place(now, slot)) {
    return reject(now, slot, RejectReason::queue_full, start_helps ? 503 : 429);
  }
  if (start_helps) return wait_for_start(now, slot);
  wait_for_slot(now, slot);
}

// All warm slots are taken, and waiting for one would be too long: the request itself presses the
// platform for a further instance, and is answered by that one or by the first that has room.
bool WarmgateDispatcher::press(Instant now, Slot slot) {
  const Duration patience = cold_starts_.slow() * 3 / 2;
  Route route;
  if (!find_pressing_route(now, requests_[slot], route) || !pressing_.allowed(now, patience)) {
    return false;
  }
  start(now, slot, route);
  return true;
}

// Within the bounds of the queue. Where it is full, who has most of it yields.
bool WarmgateDispatcher::find_place(Instant now, Slot slot) {
  const Request& request = requests_[slot];
  if (queue_.has_room(request.queue_bytes)) return true;
  const Slot last = queue_.yields_to(request.key);
  return last != kNoSlot && queue_.has_room_instead(last, request.queue_bytes) &&
         displace(now, request);
}

// The last of whoever has most of the queue is refused, so that this request can wait.
bool WarmgateDispatcher::displace(Instant now, const Request& request) {
  const Slot last = queue_.yields_to(request.key);
  if (last == kNoSlot) return false;
  if (requests_[last].priority == Priority::high && request.priority == Priority::low) return false;
  reject(now, last, RejectReason::over_share, requests_[last].wait == Wait::start ? 503 : 429);
  return true;
}

// The serverless pool is cold or starting. High priority waits for it, even if that is late; low
// priority is shed at once when no choice meets its deadline.
void WarmgateDispatcher::wait_for_start(Instant now, Slot slot) {
  const Request& request = requests_[slot];
  const bool doomed = is_doomed(now, request);
  if (doomed && request.priority == Priority::low) {
    return reject(now, slot, RejectReason::doomed, 503);
  }
  if (doomed && !released_within_cold_wait(now, request, queue_.size())) {
    const uint32_t ahead = queue_.ahead(request.key);
    if (!queue_.fair() || !released_within_cold_wait(now, request, ahead) ||
        !displace(now, request)) {
      return reject(now, slot, RejectReason::overloaded, 503);
    }
  }
  enqueue(now, slot, Wait::start, start_expiry(request));
}

// Everything that answers is busy. Who would be late is refused at once, or takes the place of one
// whose key has more of the queue.
void WarmgateDispatcher::wait_for_slot(Instant now, Slot slot) {
  const Request& request = requests_[slot];
  if (yields_to_high(now, request)) {
    return reject(now, slot, RejectReason::standing_queue, 429);
  }
  if (!busy_pools_make_it(now, request)) {
    const uint32_t ahead = queue_.ahead(request.key, Lane::on_time);
    if (!queue_.fair() || !busy_pools_make_it(now, request, ahead) || !displace(now, request)) {
      return reject(now, slot, RejectReason::overloaded, 429);
    }
  }
  enqueue(now, slot, Wait::busy, busy_expiry(request));
}

// An attempt failed and the request may be sent again: at once, or when someone can take it. It was
// admitted before, so the bounds of the queue and its deadline do not refuse it now.
void WarmgateDispatcher::wait_again(Instant now, Slot slot, RejectReason otherwise) {
  if (!anyone_could_answer(now)) return reject(now, slot, RejectReason::all_down, 503);
  Route route;
  if (find_route(now, requests_[slot], route)) return start(now, slot, route);
  const Request& request = requests_[slot];
  const bool high = request.priority == Priority::high;
  const Instant expires = high ? start_expiry(request) : busy_expiry(request);
  if (expires <= now) {
    const uint16_t status = otherwise == RejectReason::upstream_timeout ? 504 : 502;
    return reject(now, slot, otherwise, status);
  }
  enqueue(now, slot, high ? Wait::start : Wait::busy, expires);
}

void WarmgateDispatcher::enqueue(Instant now, Slot slot, Wait wait, Instant expires) {
  Request& request = requests_[slot];
  request.wait = wait;
  request.waited = true;
  request.predicted = serverless(now) == Serverless::ready;
  const Lane lane = lane_of(now, request);
  if (settings_.queue.controlled_delay && queue_.empty()) delay_.began(now, delay_terms());
  queue_.push(slot, {request.id, request.deadline, expires, request.queue_bytes, request.key},
              lane);
}

Lane WarmgateDispatcher::lane_of(Instant now, const Request& request) const {
  const bool heavy = is_heavy(request) && settings_.serverless.backends > 0;
  if (heavy && !settings_.heavy.allow_always_on) return Lane::serverless_only;
  if (!is_late(now, request)) return Lane::on_time;
  return heavy ? Lane::serverless_only : Lane::late;
}

Instant WarmgateDispatcher::busy_expiry(const Request& request) const {
  if (settings_.queue.busy_wait == Duration{}) return request.deadline;
  return std::min(after(request.arrived, settings_.queue.busy_wait), request.patience);
}

Instant WarmgateDispatcher::start_expiry(const Request& request) const {
  return std::min(after(request.arrived, settings_.queue.cold_wait), request.patience);
}

// ---- leaving the queue

// The budget of a wait is over: 503 when it was for a cold start, 429 when for a busy pool.
void WarmgateDispatcher::end_waits(Instant now) {
  while (queue_.next_expiry() <= now) {
    const Slot slot = queue_.first_to_expire();
    const Request& request = requests_[slot];
    if (request.wait == Wait::start) {
      note_delayed(false);
      reject(now, slot, RejectReason::cold_wait_expired, 503);
    } else if (request.priority == Priority::high && start_would_help(now) &&
               start_expiry(request) > now) {
      requests_[slot].wait = Wait::start;  // the pool fell cold meanwhile
      queue_.set_expiry(slot, start_expiry(request));
    } else {
      reject(now, slot, RejectReason::busy_wait_expired, 429);
    }
  }
}

// Case 7: a request that can no longer make it must not delay one that can.
void WarmgateDispatcher::set_late_apart(Instant now) {
  while (!queue_.empty(Lane::on_time)) {
    const Slot slot = queue_.front(Lane::on_time);
    Request& request = requests_[slot];
    if (!is_late(now, request)) return;
    const bool start_helps = start_would_help(now);
    if (request.priority == Priority::low && request.wait == Wait::start) {
      reject(now, slot, RejectReason::doomed, 503);
      continue;
    }
    const bool to_the_deadline = settings_.queue.busy_wait == Duration{};
    if (request.wait == Wait::busy && to_the_deadline) {
      if (request.priority == Priority::low || !start_helps) {
        reject(now, slot, RejectReason::busy_wait_expired, 429);
        continue;
      }
      request.wait = Wait::start;
      queue_.set_expiry(slot, start_expiry(request));
    }
    const Lane lane = lane_of(now, request);
    queue_.move(slot, lane == Lane::on_time ? Lane::late : lane);
  }
}

void WarmgateDispatcher::refuse_when_all_down(Instant now) {
  if (queue_.empty() || anyone_could_answer(now)) return;
  while (!queue_.empty()) reject(now, queue_.first_to_expire(), RejectReason::all_down, 503);
}

// Sends what can be sent now, each lane in the order of its deadlines, or in turn of its keys. The
// always-on pool serves those who can make it before the late (case 7). The serverless pool serves
// the two in turn, so that those who were promised a late answer do get it while new ones keep
// coming.
void WarmgateDispatcher::release(Instant now) {
  while ((late_in_turn_ && release_late_in_turn(now)) || release_one(now, Lane::on_time) ||
         release_one(now, Lane::late) || release_one(now, Lane::serverless_only)) {
  }
}

bool WarmgateDispatcher::release_late_in_turn(Instant now) {
  for (const Lane lane : {Lane::late, Lane::serverless_only}) {
    const Slot slot = queue_.next(lane);
    Route route;
    if (slot == kNoSlot || !find_route(now, requests_[slot], route)) continue;
    if (route.backend.pool != PoolKind::serverless) continue;
    send(now, slot, route);
    late_in_turn_ = false;
    return true;
  }
  return false;
}

// Where keys take turns, the one with the earliest deadline may have to go elsewhere meanwhile.
bool WarmgateDispatcher::release_one(Instant now, Lane lane) {
  const Slot slot = queue_.next(lane);
  if (release_this(now, slot, lane)) return true;
  const Slot urgent = queue_.front(lane);
  return urgent != slot && release_this(now, urgent, lane);
}

bool WarmgateDispatcher::release_this(Instant now, Slot slot, Lane lane) {
  Route route;
  if (slot == kNoSlot || !find_route(now, requests_[slot], route)) return false;
  if (route.backend.pool == PoolKind::serverless) late_in_turn_ = lane == Lane::on_time;
  send(now, slot, route);
  return true;
}

// Who would be sent now, but is of low priority in a queue that stands, leaves the slot to others.
void WarmgateDispatcher::send(Instant now, Slot slot, const Route& route) {
  if (settings_.queue.controlled_delay) {
    const Request& request = requests_[slot];
    observe_delay(now, request);
    const bool has_waited = now - request.arrived > delay_terms().target;
    if (has_waited && yields_to_high(now, request)) {
      return reject(now, slot, RejectReason::standing_queue, 429);
    }
  }
  queue_.serve(slot);
  start(now, slot, route);
}

void WarmgateDispatcher::reject(Instant now, Slot slot, RejectReason reason, uint16_t status) {
  leave_waiting(slot);
  ++rejects_by_reason_[static_cast<size_t>(reason)];
  const bool by_client = reason == RejectReason::slow_body;
  if (!by_client) error_budget_.ended(true, settings_.slo_share);
  emit(Reject{requests_[slot].id, reason, status, retry_after(now, reason)});
  forget_request(slot);
}

Duration WarmgateDispatcher::retry_after(Instant now, RejectReason reason) const {
  Duration wait = kShortestRetryAfter;
  switch (reason) {
    case RejectReason::upstream_failed:
    case RejectReason::upstream_timeout:
    case RejectReason::slow_body:
      return Duration{};
    case RejectReason::draining:
    case RejectReason::all_down:
      break;
    case RejectReason::queue_full:
    case RejectReason::cold_wait_expired:
    case RejectReason::doomed:
    case RejectReason::busy_wait_expired:
    case RejectReason::over_share:
    case RejectReason::standing_queue:
    case RejectReason::overloaded: {
      if (start_would_help(now)) wait = std::max(wait, serverless_ready_in(now));
      const double rate = always_on_rate(now) + serverless_rate_per_slot() * warmth_.slots(now);
      if (rate > 0) wait = std::max(wait, from_seconds(std::min(1e6, queue_.size() / rate)));
      break;
    }
  }
  return std::min(wait, kLongestRetryAfter);
}

// ---- controlled delay: who has to wait for a busy pool, while no start would help

ControlledDelay::Terms WarmgateDispatcher::delay_terms() const {
  const Duration slack = settings_.slo - quickest_answer();
  const Duration most = slack > Duration{} ? slack : settings_.slo;
  return {settings_.slo, from_seconds(settings_.queue.delay_target * to_seconds(most))};
}

// Beyond the slot that frees just now. Then those who wait do so because that is cheaper, and not
// for want of capacity.
bool WarmgateDispatcher::serverless_has_room(Instant now) const {
  return serverless(now) == Serverless::ready &&
         serverless_in_flight_ - pressing_.in_flight() + 1 < warmth_.slots(now);
}

void WarmgateDispatcher::observe_delay(Instant now, const Request& request) {
  const bool for_a_slot = request.wait == Wait::busy && !serverless_has_room(now);
  delay_.left(now, for_a_slot ? now - request.arrived : Duration{}, delay_terms());
}

bool WarmgateDispatcher::yields_to_high(Instant now, const Request& request) {
  if (!settings_.queue.controlled_delay || request.priority == Priority::high) return false;
  if (request.wait != Wait::busy || request.attempts_in_all > 0) return false;
  return !serverless_has_room(now) && delay_.stands(now, delay_terms());
}

// ---- predictions; where nothing is learned yet they admit, and the budgets of waiting bound

// Is it a start that those who wait are waiting for? The pool's, or that of further instances:
// while they are allowed, on their way and not overdue, or were not just found to be futile.
bool WarmgateDispatcher::start_would_help(Instant now) const {
  if (!may_spend(now)) return false;
  switch (serverless(now)) {
    case Serverless::absent:
    case Serverless::circuit_open:
    case Serverless::on_trial:
      return false;
    case Serverless::not_ready:
      return true;
    case Serverless::ready:
      break;
  }
  if (warmth_.instances(now) >= settings_.serverless.max_instances) return false;
  if (wakes_.in_vain(now)) return false;
  if (!ordered_.empty()) return true;
  if (wakes_.in_flight() == 0) {
    return may_wake(now) && wakes_.may_ask_for(now, warmth_.instances(now) + 1);
  }
  return now - wakes_.oldest_sent() < cold_starts_.slow() * 3 / 2;
}

// No choice meets the deadline: neither the always-on pool after those who wait for it in time, nor
// the serverless pool once it is ready.
bool WarmgateDispatcher::is_doomed(Instant now, const Request& request) const {
  const Duration left = request.deadline - now;
  const Duration ready_in = serverless_ready_in(now);
  const Duration answer = high_answer(serverless_times_, request);
  if (ready_in < left && ready_in + answer <= left) return false;
  const double rate = always_on_rate(now);
  if (rate == 0) return always_on_slots(now) == 0;  // 0 with slots: nothing learned yet
  const double ahead = queue_.ahead(request.key, Lane::on_time) + 1;
  return from_seconds(ahead / rate) + high_answer(always_on_times_, request) > left;
}

// Can what is ahead be released within the budget? Counts on one instance only.
bool WarmgateDispatcher::released_within_cold_wait(Instant now, const Request& request,
                                                   uint32_t ahead) const {
  const double ready_in = to_seconds(std::min<Duration>(serverless_ready_in(now), 24h));
  const double budget = to_seconds(start_expiry(request) - now);
  if (ready_in > budget && always_on_slots(now) == 0) return false;
  const double per_slot = serverless_rate_per_slot();
  if (per_slot == 0) return true;
  const double slots = std::max(warmth_.slots(now), settings_.serverless.concurrency);
  const double always_on = always_on_rate(now);
  const double left_when_ready = ahead + 1 - always_on * ready_in - slots;
  const double rate = always_on + per_slot * slots;
  return ready_in + std::max(0.0, left_when_ready) / rate <= budget;
}

// Will the busy pools have answered by the deadline, after so many who wait already?
bool WarmgateDispatcher::busy_pools_make_it(Instant now, const Request& request,
                                            uint32_t ahead) const {
  const double always_on = always_on_rate(now);
  const bool ready = serverless(now) == Serverless::ready;
  const uint32_t late = queue_.size(Lane::late) + queue_.size(Lane::serverless_only);
  const double share = late > 0 ? 0.5 : 1.0;  // the late have their turn
  const double serverless_rate =
      ready ? share * serverless_rate_per_slot() * warmth_.slots(now) : 0.0;
  const double rate = always_on + serverless_rate;
  if (rate == 0) return always_on_slots(now) > 0 || ready;
  const double before = ahead + pressing_.in_flight();
  const double wait_s = kCaution * (before + 1) / rate;
  if (settings_.queue.busy_wait > Duration{}) {
    return wait_s <= to_seconds(busy_expiry(request) - now);
  }
  const bool more_by_serverless = serverless_rate > always_on && serverless_times_.known();
  const Duration answer =
      high_answer(more_by_serverless ? serverless_times_ : always_on_times_, request);
  return wait_s + to_seconds(answer) <= to_seconds(request.deadline - now);
}

double WarmgateDispatcher::always_on_rate(Instant now) const {
  if (!always_on_times_.known()) return 0;
  return always_on_slots(now) / std::max(1e-6, always_on_times_.mean_service_s());
}

// The same model runs in both pools: what is known of one is the prior of the other.
double WarmgateDispatcher::serverless_rate_per_slot() const {
  const PoolTimes& times = serverless_times_.known() ? serverless_times_ : always_on_times_;
  return times.known() ? 1 / std::max(1e-6, times.mean_service_s()) : 0;
}

}  // namespace warmgate::policy
