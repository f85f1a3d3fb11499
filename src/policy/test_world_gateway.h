// TestWorld's gateway: carries out actions, and complains of those that no gateway could carry out.
#pragma once

#include "policy/test_world.h"

namespace warmgate::policy {

inline void TestWorld::carry_out(const Action& action) {
  digest_ = (digest_ ^ (action.index() + 1)) * 1099511628211ull;
  if (const auto* start = std::get_if<StartAttempt>(&action)) {
    digest_ = (digest_ ^ (start->request.value * 31 + static_cast<uint64_t>(start->reason))) *
              1099511628211ull;
    carry_out_start(*start);
  } else if (const auto* commit = std::get_if<Commit>(&action)) {
    carry_out_commit(*commit);
  } else if (const auto* cancel = std::get_if<CancelAttempt>(&action)) {
    carry_out_cancel(*cancel);
  } else if (const auto* reject = std::get_if<Reject>(&action)) {
    carry_out_reject(*reject);
  } else if (const auto* probe = std::get_if<StartProbe>(&action)) {
    carry_out_probe(*probe);
  } else if (const auto* timer = std::get_if<SetTimer>(&action)) {
    digest_ =
        (digest_ ^ static_cast<uint64_t>(timer->at.time_since_epoch().count())) * 1099511628211ull;
    if (timer->at <= now_) complain("a timer in the past");
    ++timer_generation_;
    if (timer->at != kNever) later(timer->at - now_, What::timer, timer_generation_);
  }
}

inline void TestWorld::carry_out_start(const StartAttempt& action) {
  RequestState& request = requests_[action.request.value];
  const Duration waited = now_ - request.arrived;
  if (request.ended) complain("an attempt for a request that ended");
  if (!request.here) complain("an attempt for a request whose body is not here");
  if (request.committed) complain("an attempt after a commit");
  if (draining_) complain("an attempt during a drain");
  if (request.replay_lost && request.sent) complain("an attempt after the replay buffer was lost");
  if (!request.repeatable && request.sent) complain("an unrepeatable request was repeated");
  const bool first = !request.sent && action.reason != Reason::retry;
  if (first && waited > std::max(world_.service.queue.cold_wait, world_.service.slo)) {
    complain("a wait beyond its budget");
  }
  if (++request.running > 2) complain("more than two attempts at a time");
  const uint64_t id = action.attempt.value;
  attempts_[id] = {action.request, action.backend, now_, false, false, false, 0, false};
  later(3s, What::attempt_times_out, id);
  if (action.backend.pool == PoolKind::serverless) {
    request.sent = true;
    return place(id, false);
  }
  const uint16_t index = action.backend.index;
  if (++always_on_in_flight_[index] > world_.service.always_on.concurrency) {
    complain("an always-on slot over capacity");
  }
  if (!always_on_alive_[index]) return later(100us, What::connect_fails, id);
  request.sent = true;
  const Duration took = service();
  later(took * 4 / 5, What::first_byte, id);
}

inline void TestWorld::carry_out_commit(const Commit& action) {
  const AttemptState& attempt = attempts_[action.attempt.value];
  RequestState& request = requests_[attempt.request.value];
  if (!attempt.answered || attempt.cancelled || attempt.finished) complain("a commit of nothing");
  if (request.committed || request.ended) complain("two answers for one request");
  request.committed = action.attempt;
  if (awaits_answer_ == action.attempt) answer_given_ = true;
}

inline void TestWorld::carry_out_cancel(const CancelAttempt& action) {
  AttemptState& attempt = attempts_[action.attempt.value];
  if (attempt.cancelled || attempt.finished) complain("a cancel of what has ended");
  attempt.cancelled = true;
  --requests_[attempt.request.value].running;
  if (awaits_answer_ == action.attempt) answer_given_ = true;
  later(prng_.chance(0.5) ? 0ms : 1ms, What::cancel_done, action.attempt.value);
}

inline void TestWorld::carry_out_reject(const Reject& action) {
  RequestState& request = requests_[action.request.value];
  if (request.running > 0 || request.committed) complain("a reject of a request that runs");
  if (request.ended) complain("a second end of a request");
  const bool by_client = action.reason == RejectReason::slow_body;
  if (by_client != (action.status == 408)) complain("a slow body is told with 408");
  if (by_client && request.here && action.status != 408)
    complain("a body that is here is not slow");
  const bool odd = action.status < 429 || action.status > 504;
  if (!by_client && odd) complain("a reject with an odd status");
  const Duration longest = std::max(world_.service.queue.cold_wait, world_.service.slo);
  if (now_ - request.arrived > longest && !request.sent && request.here) {
    complain("a reject later than the budget of waiting");
  }
  end_request(action.request);
  ++rejected_;
  if (!counts(request)) return;
  count(request, &Figures::refused);
  count(request, &Figures::refused_slowly, now_ - request.arrived > kQuickRefusal);
}

inline void TestWorld::end_request(RequestId id) {
  requests_[id.value].ended = true;
}

inline void TestWorld::carry_out_probe(const StartProbe& action) {
  const uint64_t id = action.probe.value;
  if (draining_) complain("a probe during a drain");
  probes_[id] = {now_, action.backend, 0, action.hold, false, action.kind == ProbeKind::release};
  if (action.backend.pool == PoolKind::serverless) {
    const bool recurs = dispatcher_->status(now_).recurring_instances > 0;
    const bool needed =
        recurs || std::any_of(requests_.begin(), requests_.end(), [&](const auto& entry) {
          return !entry.second.ended || entry.second.arrived == now_;
        });
    const bool paid = world_.service.serverless.billing == Billing::instance;
    if (action.kind == ProbeKind::release && !paid) complain("a release where idle is free");
    const bool kept = world_.service.serverless.keep_warm && !paid;
    if (!needed && !kept && action.kind != ProbeKind::release)
      complain("a probe to an idle serverless pool that nobody needs");
    return place(id, true);
  }
  const bool alive = always_on_alive_[action.backend.index];
  const bool lost = prng_.chance(0.02);
  const Outcome outcome = !alive ? Outcome::connect_failed
                          : lost ? Outcome::timed_out
                                 : probe_answer();
  later(lost ? action.timeout : Duration{1ms}, What::probe_done, id,
        static_cast<uint64_t>(outcome));
}

}  // namespace warmgate::policy
