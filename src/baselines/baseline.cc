#include "baselines/baseline.h"

#include <algorithm>
#include <variant>

#include "base/assert.h"

namespace warmgate::baselines {

Baseline::Baseline(const ServiceSettings& settings) : settings_(settings) {
  fit_backends();
}

void Baseline::step(Instant now, const Event& event, Actions& out) {
  out_ = &out;
  std::visit([&](const auto& kind) { on(now, kind); }, event);
  end_limits(now);
  if (!draining_) release(now);
  arm_timer();
  out_ = nullptr;
}

// ---- events

void Baseline::on(Instant now, const RequestArrived& event) {
  const Slot slot = requests_.insert(
      event.request, Request{.id = event.request, .arrived = now, .repeatable = event.repeatable});
  if (draining_) return reject(slot, RejectReason::draining, 503);
  if (!has_always_on() && !has_serverless()) return reject(slot, RejectReason::all_down, 503);
  arrived(now, slot);
}

void Baseline::on(Instant, const ClientGone& event) {
  const Slot slot = requests_.find(event.request);
  if (slot == kNoSlot) return;
  if (requests_[slot].attempt != kNoSlot) cancel(requests_[slot].attempt);
  forget(slot);
}

void Baseline::on(Instant, const ReplayLost& event) {
  const Slot slot = requests_.find(event.request);
  if (slot != kNoSlot) requests_[slot].repeatable = false;
}

void Baseline::on(Instant now, const AttemptFirstByte& event) {
  const Slot slot = attempts_.find(event.attempt);
  if (slot == kNoSlot || attempts_[slot].request == kNoSlot || attempts_[slot].answered) return;
  attempts_[slot].answered = true;
  const Attempt attempt = attempts_[slot];
  answered(now, attempt, event.status);
  Request& request = requests_[attempt.request];
  if (!draining_ && request.repeatable && discards(now, attempt, event.status)) {
    cancel(slot);
    const bool busy = event.status == 429 || event.status == 503;
    failed(now, attempt.request, attempt, busy ? Outcome::refused_busy : Outcome::server_error);
    return;
  }
  request.committed = true;
  out_->push_back(policy::Commit{attempt.id});
}

void Baseline::on(Instant now, const AttemptFinished& event) {
  const Slot slot = attempts_.find(event.attempt);
  if (slot == kNoSlot) return;
  const Attempt attempt = attempts_[slot];
  attempts_.erase(slot);
  --permits(attempt.backend);
  finished(now, attempt, event.outcome);
  if (attempt.request == kNoSlot) return;  // cancelled
  requests_[attempt.request].attempt = kNoSlot;
  if (requests_[attempt.request].committed) return forget(attempt.request);
  after_failure(now, attempt, event.outcome);
}

void Baseline::after_failure(Instant now, const Attempt& attempt, Outcome outcome) {
  // What never reached a backend is always safe to repeat.
  const bool may_repeat =
      requests_[attempt.request].repeatable || outcome == Outcome::connect_failed;
  if (draining_ || !may_repeat) return give_up(attempt.request, outcome);
  failed(now, attempt.request, attempt, outcome);
}

void Baseline::on(Instant, const DrainStarted&) {
  draining_ = true;
  for (Slot slot = first_waiting(); slot != kNoSlot; slot = first_waiting()) {
    reject(slot, RejectReason::draining, 503);
  }
}

void Baseline::on(Instant, const SettingsChanged& event) {
  settings_ = event.settings;
  fit_backends();
}

// ---- what a rule can do

void Baseline::start(Instant now, Slot slot, BackendRef backend, Reason reason) {
  Request& request = requests_[slot];
  WG_ASSERT(request.attempt == kNoSlot && !request.committed, "one attempt at a time");
  if (request.waits) {
    request.waits = false;
    --waiting_;
  }
  retries_ += request.attempts++ > 0 ? 1 : 0;
  const AttemptId id{++last_attempt_};
  request.attempt = attempts_.insert(id, Attempt{id, slot, backend, now});
  ++permits(backend);
  ++attempts_by_reason_[static_cast<size_t>(reason)];
  out_->push_back(policy::StartAttempt{request.id, id, backend, reason});
}

void Baseline::wait(Slot slot) {
  if (waiting_ >= kMostWaiting) return reject(slot, RejectReason::queue_full, 503);
  requests_[slot].waits = true;
  ++waiting_;
  fifo_.push_back(requests_[slot].id);
}

void Baseline::reject(Slot slot, RejectReason reason, uint16_t status) {
  ++rejects_by_reason_[static_cast<size_t>(reason)];
  out_->push_back(policy::Reject{requests_[slot].id, reason, status});
  forget(slot);
}

void Baseline::give_up(Slot slot, Outcome outcome) {
  const bool late = outcome == Outcome::timed_out;
  reject(slot, late ? RejectReason::upstream_timeout : RejectReason::upstream_failed,
         late ? 504 : 502);
}

void Baseline::limit(Instant now, Slot slot, Duration limit) {
  Attempt& attempt = attempts_[requests_[slot].attempt];
  attempt.limited = true;
  const Limit entry{now + limit, attempt.id};
  WG_ASSERT(limits_.empty() || limits_.back().at <= entry.at, "limits end in their order");
  limits_.push_back(entry);
}

Slot Baseline::first_waiting() {
  while (!fifo_.empty()) {
    const Slot slot = requests_.find(fifo_.front());
    if (slot != kNoSlot && requests_[slot].waits) return slot;
    fifo_.pop_front();
  }
  return kNoSlot;
}

BackendRef Baseline::least_busy() const {
  const auto end = always_on_in_flight_.begin() + settings_.always_on.backends;
  const auto least = std::min_element(always_on_in_flight_.begin(), end);
  return {PoolKind::always_on, static_cast<uint16_t>(least - always_on_in_flight_.begin())};
}

BackendRef Baseline::next_serverless() {
  serverless_turn_ = static_cast<uint16_t>((serverless_turn_ + 1) % settings_.serverless.backends);
  return {PoolKind::serverless, serverless_turn_};
}

uint32_t Baseline::in_flight(BackendRef backend) const {
  const auto& pool =
      backend.pool == PoolKind::always_on ? always_on_in_flight_ : serverless_in_flight_;
  return pool[backend.index];
}

// ---- inside

// The attempt whose limit ends first, of those that have no answer yet.
Slot Baseline::first_limited() {
  while (!limits_.empty()) {
    const Slot slot = attempts_.find(limits_.front().attempt);
    const bool silent =
        slot != kNoSlot && attempts_[slot].request != kNoSlot && !attempts_[slot].answered;
    if (silent) return slot;
    limits_.pop_front();
  }
  return kNoSlot;
}

void Baseline::end_limits(Instant now) {
  for (Slot slot = first_limited(); slot != kNoSlot && limits_.front().at <= now;
       slot = first_limited()) {
    const Attempt attempt = attempts_[slot];
    cancel(slot);
    limit_reached(now, attempt);
    after_failure(now, attempt, Outcome::timed_out);
  }
}

void Baseline::arm_timer() {
  const Instant wanted = limits_.empty() ? kNever : limits_.front().at;
  if (wanted == timer_) return;
  timer_ = wanted;
  out_->push_back(policy::SetTimer{wanted});
}

void Baseline::cancel(Slot slot) {
  Attempt& attempt = attempts_[slot];
  requests_[attempt.request].attempt = kNoSlot;
  attempt.request = kNoSlot;
  out_->push_back(policy::CancelAttempt{attempt.id});
}

void Baseline::forget(Slot slot) {
  waiting_ -= requests_[slot].waits ? 1 : 0;
  requests_.erase(slot);
}

void Baseline::fit_backends() {
  const auto fit = [](std::vector<uint32_t>& pool, size_t backends) {
    if (pool.size() < backends) pool.resize(backends);  // never smaller: some may still be at work
  };
  fit(always_on_in_flight_, settings_.always_on.backends);
  fit(serverless_in_flight_, settings_.serverless.backends);
}

uint32_t& Baseline::permits(BackendRef backend) {
  auto& pool = backend.pool == PoolKind::always_on ? always_on_in_flight_ : serverless_in_flight_;
  return pool[backend.index];
}

// ---- reporting

void Baseline::check_invariants() const {
  uint32_t waits = 0;
  requests_.for_each([&](Slot slot, const Request& request) {
    waits += request.waits ? 1 : 0;
    const bool runs = request.attempt != kNoSlot;
    WG_ASSERT(runs != request.waits, "a request runs or waits");
    WG_ASSERT(!runs || attempts_[request.attempt].request == slot, "its attempt is its own");
  });
  WG_ASSERT(waits == waiting_, "those who wait are counted");
  std::vector<uint32_t> always_on(always_on_in_flight_.size());
  std::vector<uint32_t> serverless(serverless_in_flight_.size());
  attempts_.for_each([&](Slot, const Attempt& attempt) {
    const bool first = attempt.backend.pool == PoolKind::always_on;
    ++(first ? always_on : serverless)[attempt.backend.index];
  });
  WG_ASSERT(always_on == always_on_in_flight_ && serverless == serverless_in_flight_,
            "permits are those of the attempts that run");
}

ServiceStatus Baseline::status(Instant now) const {
  ServiceStatus status;
  status.always_on.pool = PoolKind::always_on;
  status.serverless.pool = PoolKind::serverless;
  status.always_on.slots = settings_.always_on.backends * settings_.always_on.concurrency;
  for (const uint32_t n : always_on_in_flight_) status.always_on.in_flight += n;
  for (const uint32_t n : serverless_in_flight_) status.serverless.in_flight += n;
  status.queued = waiting_;
  for (const RequestId id : fifo_) {
    const Slot slot = requests_.find(id);
    if (slot == kNoSlot || !requests_[slot].waits) continue;
    status.oldest_wait = now - requests_[slot].arrived;
    break;
  }
  status.retries = retries_;
  status.draining = draining_;
  status.attempts_by_reason = attempts_by_reason_;
  status.rejects_by_reason = rejects_by_reason_;
  return status;
}

}  // namespace warmgate::baselines
