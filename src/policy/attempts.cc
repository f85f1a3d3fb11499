// Attempts from start to end: evidence, commit, retry, bypass.
#include <algorithm>

#include "base/assert.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

constexpr uint8_t kMostAttemptsInAll = 32;  // refused connections included
constexpr double kBypassQuantile = 0.99;    // of the time to first byte of warm answers
constexpr Duration kShortestPause = 10ms;   // of an always-on backend that said 429 or 503
constexpr Duration kLongestPause = 1s;

constexpr uint16_t kSwitchingProtocols = 101;

bool is_busy(uint16_t status) {
  return status == 429 || status == 503;
}
bool is_failure(uint16_t status) {
  return status >= 500 || status == 429;
}

}  // namespace

void WarmgateDispatcher::start(Instant now, Slot slot, const Route& route) {
  Request& request = requests_[slot];
  const bool first = request.attempts_in_all == 0;
  const bool bypass = route.reason == Reason::bypass;
  Reason reason = route.reason;
  if (!first && !bypass) {
    reason = Reason::retry;
  } else if (request.waited && !bypass && !route.trial) {
    reason = route.backend.pool == PoolKind::always_on ? Reason::queued_always_on
                                                       : Reason::queued_serverless;
  }
  if (first) {
    retry_budget_.deposit(now);
    bypass_budget_.deposit(now);
  }
  ++request.attempts;
  ++request.attempts_in_all;
  ++attempts_by_reason_[static_cast<size_t>(reason)];

  const AttemptId id{++last_attempt_};
  const Slot attempt_slot = attempts_.insert(
      id, Attempt{id, slot, route.backend, now, reason, route.trial, route.pressing, route.spare});
  const auto room = std::find(request.running.begin(), request.running.end(), kNoSlot);
  WG_ASSERT(room != request.running.end(), "a request has at most two attempts at a time");
  *room = attempt_slot;

  if (route.backend.pool == PoolKind::always_on) {
    AlwaysOnBackend& backend = always_on_[route.backend.index];
    WG_ASSERT(backend.in_flight < settings_.always_on.concurrency, "no slot over capacity");
    ++backend.in_flight;
    attempts_[attempt_slot].full = backend.limit.began(now, backend.busy());
    always_on_work_.began(now);
  } else {
    ++serverless_[route.backend.index].in_flight;
    ++serverless_in_flight_;
    spending_.request();
    if (route.spare) ++spare_in_flight_;
    if (route.pressing) pressing_.began(now);
    if (route.trial) serverless_[route.backend.index].circuit.trial_started();
    if (request.waited && request.wait == Wait::start && first) note_delayed(false);
    watch_for_silence(now, attempt_slot);
  }
  emit(StartAttempt{request.id, id, route.backend, reason, since_ready(now, route)});
}

// ---- first byte

void WarmgateDispatcher::on(Instant now, const AttemptFirstByte& event) {
  const Slot attempt_slot = attempts_.find(event.attempt);
  if (attempt_slot == kNoSlot || attempts_[attempt_slot].request == kNoSlot) return;
  if (attempts_[attempt_slot].answered) return;
  attempts_[attempt_slot].answered = true;
  forget_silence(attempt_slot);
  take_evidence(now, attempt_slot, event);
  judge_answer(now, attempt_slot, event.status);
  if (is_failure(event.status) && try_elsewhere(now, attempt_slot, event.status)) return;
  if (event.status == kSwitchingProtocols) begin_lasting(now, attempt_slot);
  commit(now, attempt_slot);
}

// Its slot is taken for who knows how long: nothing that turns over can count on it.
void WarmgateDispatcher::begin_lasting(Instant now, Slot attempt_slot) {
  Attempt& attempt = attempts_[attempt_slot];
  attempt.lasting = true;
  if (attempt.backend.pool != PoolKind::always_on) return;
  AlwaysOnBackend& backend = always_on_[attempt.backend.index];
  ++backend.lasting;
  backend.limit.ended(now, backend.busy());
  always_on_work_.ended(attempt.began);
}

// The first good byte wins; a failure is passed on when nobody can do better.
void WarmgateDispatcher::commit(Instant now, Slot attempt_slot) {
  Attempt& attempt = attempts_[attempt_slot];
  Request& request = requests_[attempt.request];
  request.committed = attempt_slot;
  emit(Commit{attempt.id});
  if (attempt.reason == Reason::bypass) ++bypasses_won_;
  const bool counted = request.waited && request.wait == Wait::start;  // when it was released
  if (attempt.saw_start && !counted) note_delayed(attempt.first_to_see);
  if (settings_.slo_first_byte || attempt.lasting) {
    count_late(now, request, attempt);
    if (request.predicted) judge_prediction(now, request);
  }
  for (const Slot other : request.running) {
    if (other != kNoSlot && other != attempt_slot) cancel(other);
  }
}

// What a serverless answer says about the pool: which instance, how old, after what wait.
void WarmgateDispatcher::take_evidence(Instant now, Slot attempt_slot,
                                       const AttemptFirstByte& event) {
  Attempt& attempt = attempts_[attempt_slot];
  const Duration took = now - attempt.began;
  if (attempt.backend.pool == PoolKind::always_on) {
    // Otherwise nothing depends on it: a bypass waits for serverless first bytes only.
    if (settings_.slo_first_byte && !is_failure(event.status)) {
      always_on_times_.first_byte(took, requests_[attempt.request].bytes);
    }
    return;
  }
  if (is_failure(event.status)) return;
  const bool new_instance = event.evidence ? !warmth_.knows(event.evidence->instance)
                                           : !warmth_.believed_warm(attempt.began);
  const bool waited_for_start = looks_like_start(now, attempt, event.evidence);
  if (waited_for_start) {
    attempt.saw_start = true;
    attempt.first_to_see = new_instance;
    if (warmth_.silence(now) > took && warmth_.known() && wakes_.in_flight() == 0) {
      warmth_.found_cold(warmth_.silence(now) - took);
      cold_starts_.started_in(took);
    }
  } else if (!attempt.pressing) {
    serverless_times_.first_byte(took, requests_[attempt.request].bytes);
  }
  const Duration usual = 2 * serverless_times_.first_byte().all().at(0.5, took);
  const bool quick = !waited_for_start && took <= std::min(usual, settings_.slo / 2);
  if (attempt.pressing && (quick || new_instance)) pressing_.paid(now);
  if (event.evidence && new_instance && !waited_for_start) {
    ordered_.found(instance_slots());
  }
  warmth_answered(now, event.evidence, EvidenceKind::first_byte_time, quick);
}

void WarmgateDispatcher::warmth_answered(Instant now,
                                         const std::optional<InstanceEvidence>& evidence,
                                         EvidenceKind otherwise, bool quick) {
  const Warmth::Answer answer{otherwise, serverless_in_flight_, quick};
  if (evidence) {
    warmth_.instance_answered(now, *evidence, answer);
  } else {
    warmth_.answered(now, answer);
  }
}

// Did the instance start while the request waited for it? By its own word; without that, by the
// time to first byte against the learned warm and cold times.
bool WarmgateDispatcher::looks_like_start(Instant now, const Attempt& attempt,
                                          const std::optional<InstanceEvidence>& evidence) const {
  const Duration took = now - attempt.began;
  if (evidence) return evidence->age < took;
  if (!warmth_.believed_warm(attempt.began)) return took >= cold_starts_.typical() / 2;
  const stats::RecentQuantile& warm = serverless_times_.first_byte().all();
  return !warm.empty() && took > 4 * warm.at(0.99) && took >= cold_starts_.typical() / 2;
}

// ---- judging backends

void WarmgateDispatcher::judge_answer(Instant now, Slot attempt_slot, uint16_t status) {
  Attempt& attempt = attempts_[attempt_slot];
  attempt.good = !is_failure(status);
  if (attempt.backend.pool == PoolKind::always_on) {
    BackendHealth& judged = always_on_[attempt.backend.index].judged;
    if (attempt.good) {
      judged.request_good(now, attempt.began);
    } else if (is_busy(status)) {
      const Duration service = from_seconds(always_on_times_.mean_service_s());
      judged.request_refused(now, std::clamp<Duration>(service, kShortestPause, kLongestPause));
    } else {
      strike(now, attempt);
    }
    return;
  }
  if (attempt.good) {
    serverless_[attempt.backend.index].circuit.success(now);
  } else if (is_busy(status)) {
    warmth_.refused(serverless_in_flight_);  // not enough warm slots, not dead
  } else {
    strike(now, attempt);
  }
}

void WarmgateDispatcher::judge_failure(Instant now, const Attempt& attempt, Outcome outcome) {
  switch (outcome) {
    case Outcome::connect_failed:
      if (attempt.backend.pool == PoolKind::always_on) {
        always_on_[attempt.backend.index].judged.connection_refused(now);
      } else {
        serverless_[attempt.backend.index].circuit.connection_refused(now);
        if (!settings_.circuit.enabled) warmth_.doubt();  // nothing else keeps the next one away
      }
      break;
    case Outcome::timed_out:
    case Outcome::broken:
    case Outcome::broken_midway:
      strike(now, attempt);
      break;
    case Outcome::server_error:
      // A failing status was judged when it came; one that only the end tells (gRPC) is judged now.
      if (!attempt.answered || attempt.good) strike(now, attempt);
      break;
    case Outcome::ok:
    case Outcome::client_error:
    case Outcome::refused_busy:
    case Outcome::cancelled:
      break;
  }
}

// At most one strike for one request, whatever it met.
void WarmgateDispatcher::strike(Instant now, const Attempt& attempt) {
  Request& request = requests_[attempt.request];
  if (request.struck) return;
  request.struck = true;
  if (attempt.backend.pool == PoolKind::always_on) {
    always_on_[attempt.backend.index].judged.request_failed(now);
  } else {
    serverless_[attempt.backend.index].circuit.strike(now);
  }
}

// ---- failure and retry

// A failure with a status: throws it away when the request may be repeated, the budget allows it
// and someone else could still answer. False: pass it on.
bool WarmgateDispatcher::try_elsewhere(Instant now, Slot attempt_slot, uint16_t status) {
  const Attempt& attempt = attempts_[attempt_slot];
  const Slot slot = attempt.request;
  Request& request = requests_[slot];
  const bool other_running =
      std::count(request.running.begin(), request.running.end(), kNoSlot) == 0;
  if (other_running) {
    cancel(attempt_slot);
    return true;
  }
  if (draining_ || !request.repeatable || request.replay_lost || !attempts_left(request) ||
      !another_could_answer(now, attempt, status) || !retry_budget_.withdraw(now)) {
    return false;
  }
  ++retries_;
  request.avoid = attempt.backend;
  request.has_avoid = true;
  cancel(attempt_slot);
  wait_again(now, slot, RejectReason::upstream_failed);
  return true;
}

bool WarmgateDispatcher::another_could_answer(Instant now, const Attempt& attempt,
                                              uint16_t status) const {
  const Request& request = requests_[attempt.request];
  if (request.priority == Priority::low && is_late(now, request)) return false;
  if (start_expiry(request) <= now) return false;
  if (is_busy(status)) return true;  // the same backend may have room again soon
  const bool from_always_on = attempt.backend.pool == PoolKind::always_on;
  if (!from_always_on) return true;  // another instance, or the always-on pool
  const Serverless condition = serverless(now);
  if (condition == Serverless::ready || condition == Serverless::not_ready) return true;
  for (uint32_t i = 0; i < settings_.always_on.backends; ++i) {
    if (i != attempt.backend.index &&
        always_on_[i].judged.state(now) == BackendHealth::State::healthy) {
      return true;
    }
  }
  return false;
}

void WarmgateDispatcher::on(Instant now, const AttemptFinished& event) {
  const Slot attempt_slot = attempts_.find(event.attempt);
  if (attempt_slot == kNoSlot) return;
  const Attempt attempt = attempts_[attempt_slot];
  forget_silence(attempt_slot);
  if (attempt.backend.pool == PoolKind::always_on) {
    AlwaysOnBackend& backend = always_on_[attempt.backend.index];
    --backend.in_flight;
    if (attempt.lasting) {
      --backend.lasting;
    } else {
      backend.limit.ended(now, backend.busy());
      always_on_work_.ended(attempt.began);
    }
  } else {
    --serverless_[attempt.backend.index].in_flight;
    --serverless_in_flight_;
    if (attempt.spare) --spare_in_flight_;
    if (attempt.pressing) pressing_.ended();
    if (attempt.trial) serverless_[attempt.backend.index].circuit.trial_ended();
  }
  const Slot slot = attempt.request;
  if (slot != kNoSlot) {
    if (!attempt.lasting) judge_failure(now, attempt, event.outcome);  // how it ends is no answer
    detach(attempt_slot);
  }
  attempts_.erase(attempt_slot);
  if (slot == kNoSlot) return;  // cancelled: its slot is free, nothing else depends on it
  Request& request = requests_[slot];
  if (request.committed == attempt_slot) {
    finish_committed(now, request, attempt, event.outcome);
    if (!settings_.slo_first_byte && !attempt.lasting) {  // else they were when it was committed
      count_late(now, request, attempt);
      if (request.predicted) judge_prediction(now, request);
    }
    forget_request(slot);
  } else if (event.outcome == Outcome::cancelled) {  // not by us: the client left
    cancel_running(request);
    forget_request(slot);
  } else {
    request.avoid = attempt.backend;
    request.has_avoid = true;
    after_failure(now, slot, event.outcome);
  }
}

void WarmgateDispatcher::finish_committed(Instant now, const Request& request,
                                          const Attempt& attempt, Outcome outcome) {
  if (outcome != Outcome::ok || !attempt.good || attempt.saw_start || attempt.pressing ||
      attempt.lasting) {
    return;
  }
  if (attempt.backend.pool == PoolKind::serverless) {
    return serverless_times_.complete(now - attempt.began, request.bytes);
  }
  always_on_times_.complete(now - attempt.began, request.bytes);
  always_on_[attempt.backend.index].limit.answered(now, attempt.began, attempt.full, settings_.slo);
}

// Late, though its own answer took no longer than the SLO: more capacity would have helped.
void WarmgateDispatcher::count_late(Instant now, const Request& request, const Attempt& attempt) {
  const bool late = now > request.deadline && now - attempt.began <= settings_.slo;
  error_budget_.ended(late, settings_.slo_share);
}

// It waited, since it was thought to make it: did it?
void WarmgateDispatcher::judge_prediction(Instant now, const Request& request) {
  if (request.attempts_in_all != 1) return;
  margin_.outcome(now > request.deadline, 1 - settings_.slo_share);
}

// An attempt ended without an answer. What a backend never touched is always safe to repeat and
// loads nobody, so it costs no budget; the rest only if the request is declared repeatable.
void WarmgateDispatcher::after_failure(Instant now, Slot slot, Outcome outcome) {
  Request& request = requests_[slot];
  const bool refused = outcome == Outcome::connect_failed || outcome == Outcome::refused_busy;
  if (refused) --request.attempts;
  if (request.running[0] != kNoSlot || request.running[1] != kNoSlot) return;  // one still may win
  const bool timed_out = outcome == Outcome::timed_out;
  const RejectReason reason =
      timed_out ? RejectReason::upstream_timeout : RejectReason::upstream_failed;
  if (draining_) return reject(now, slot, RejectReason::draining, 503);
  const bool safe = !request.replay_lost && (refused || request.repeatable);
  const bool allowed = safe && now < request.patience && attempts_left(request) &&
                       (refused || retry_budget_.withdraw(now));
  if (!allowed) return reject(now, slot, reason, timed_out ? 504 : 502);
  ++retries_;
  wait_again(now, slot, reason);
}

bool WarmgateDispatcher::attempts_left(const Request& request) const {
  return request.attempts < settings_.retry.max_attempts &&
         request.attempts_in_all < kMostAttemptsInAll;
}

// ---- the client

void WarmgateDispatcher::on(Instant, const ClientGone& event) {
  const Slot slot = requests_.find(event.request);
  if (slot == kNoSlot) return;
  leave_waiting(slot);
  cancel_running(requests_[slot]);
  forget_request(slot);
}

void WarmgateDispatcher::on(Instant now, const ReplayLost& event) {
  const Slot slot = requests_.find(event.request);
  if (slot == kNoSlot) return;
  Request& request = requests_[slot];
  request.replay_lost = true;
  if (queue_.contains(slot) && request.attempts_in_all > 0) {
    reject(now, slot, RejectReason::upstream_failed, 502);
  }
}

// ---- bookkeeping

// The attempt's slot counts as taken until AttemptFinished; its request goes on without it.
void WarmgateDispatcher::cancel(Slot attempt_slot) {
  forget_silence(attempt_slot);
  detach(attempt_slot);
  emit(CancelAttempt{attempts_[attempt_slot].id});
}

void WarmgateDispatcher::cancel_running(Request& request) {
  for (const Slot attempt_slot : request.running) {
    if (attempt_slot != kNoSlot) cancel(attempt_slot);
  }
}

void WarmgateDispatcher::detach(Slot attempt_slot) {
  Attempt& attempt = attempts_[attempt_slot];
  Request& request = requests_[attempt.request];
  std::replace(request.running.begin(), request.running.end(), attempt_slot, kNoSlot);
  attempt.request = kNoSlot;
}

void WarmgateDispatcher::forget_request(Slot slot) {
  requests_.erase(slot);
}

// ---- bypass

void WarmgateDispatcher::watch_for_silence(Instant now, Slot attempt_slot) {
  const Attempt& attempt = attempts_[attempt_slot];
  const Request& request = requests_[attempt.request];
  silence_due_.push(attempt_slot, now + silence_limit(), attempt.id.value);
  const bool may = settings_.bypass.enabled && request.repeatable && !attempt.pressing;
  if (may && settings_.always_on.backends > 0) {
    bypass_due_.push(attempt_slot, now + bypass_delay(), attempt.id.value);
  }
}

void WarmgateDispatcher::forget_silence(Slot attempt_slot) {
  silence_due_.remove_if_there(attempt_slot);
  bypass_due_.remove_if_there(attempt_slot);
}

// When a warm answer would long have come. Its own times drift with a pool that grows slow, so they
// are held against the SLO and the always-on pool's: the same model runs there.
Duration WarmgateDispatcher::bypass_delay() const {
  const auto beyond = [](Duration usual) { return usual + usual / 5; };
  const Duration answer = high_answer(always_on_times_);
  const Duration ceiling = always_on_times_.known()
                               ? std::max(settings_.slo - answer, beyond(answer))
                               : settings_.slo / 2;
  const Duration slow = beyond(serverless_times_.first_byte().all().at(kBypassQuantile, ceiling));
  return std::max(settings_.bypass.min_delay, std::min(slow, ceiling));
}

// No answer for this long is more than a slow one: perhaps no instance is there.
Duration WarmgateDispatcher::silence_limit() const {
  const Duration usual = 3 * serverless_times_.first_byte().all().at(0.99, settings_.slo / 6);
  return std::max({usual, 2 * settings_.bypass.min_delay, Duration{100ms}});
}

bool WarmgateDispatcher::may_bypass(const Attempt& attempt) const {
  const Request& request = requests_[attempt.request];
  return !draining_ && request.repeatable && !request.replay_lost && attempts_left(request) &&
         (request.running[0] == kNoSlot || request.running[1] == kNoSlot);
}

void WarmgateDispatcher::bypass_slow(Instant now) {
  while (bypass_due_.next() <= now) {
    const Slot attempt_slot = bypass_due_.front().slot;
    const Attempt& attempt = attempts_[attempt_slot];
    if (!may_bypass(attempt)) {
      bypass_due_.remove(attempt_slot);
      continue;
    }
    const Request& request = requests_[attempt.request];
    // Too late for the deadline: still worth it where the client would wait for a cold start.
    const Instant silent_at = attempt.began + silence_limit();
    if (!always_on_meets(now, request) && now < silent_at) {
      bypass_due_.remove(attempt_slot);
      bypass_due_.push(attempt_slot, silent_at, attempt.id.value);
      continue;
    }
    Route route;
    const bool heavy_stays = is_heavy(request) && !settings_.heavy.allow_always_on;
    if (heavy_stays) {
      bypass_due_.remove(attempt_slot);
      continue;
    }
    if (!to_always_on(now, request, Reason::bypass, route)) return;  // until a slot is free
    if (!bypass_budget_.withdraw(now)) return;                       // until the budget allows
    bypass_due_.remove(attempt_slot);
    ++bypasses_;
    start(now, attempt.request, route);
  }
}

// Silence without any other sign of life since: the belief in warmth is in doubt, and the next
// traffic waits for confirmation. With signs of life: where all slots are taken, there are fewer
// than we thought; else this answer is slow, which is a strike.
void WarmgateDispatcher::doubt_silent(Instant now) {
  while (silence_due_.next() <= now) {
    const Slot attempt_slot = silence_due_.front().slot;
    silence_due_.remove(attempt_slot);
    const Attempt& attempt = attempts_[attempt_slot];
    if (warmth_.silence(now) >= now - attempt.began) {
      warmth_.doubt();
    } else if (pressing_.in_flight() > 0) {
      continue;  // others answer, and to wait for one of them was to be expected
    } else if (serverless_in_flight_ >= warmth_.slots(now)) {
      warmth_.refused(serverless_in_flight_);
    } else {
      strike(now, attempt);
    }
  }
}

}  // namespace warmgate::policy
