// The actions of the Dispatcher, carried out.
#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "sim/draw.h"
#include "sim/engine.h"

namespace warmgate::sim {
void Engine::apply(const policy::StartAttempt& action) {
  Request& request = request_of(action.request);
  WG_ASSERT(!request.committed, "no attempt after an answer was passed on");
  const Slot slot = new_job(action.attempt, action.backend);
  Job& job = shared_.jobs[slot];
  job.request = action.request;
  job.arrived = request.arrived;
  job.began = shared_.now;
  job.reason = action.reason;
  if (request.attempts++ == 0) {
    request.waited = shared_.now > request.arrived;
  } else if (action.reason == policy::Reason::bypass) {
    ++recorder_.figures().bypasses;
  } else {
    ++recorder_.figures().retries;
  }
  if (request.running++ == 0) recorder_.add(shared_.now, Gauge::queued, -1);
  ++attempts_;
  const bool always_on = action.backend.pool == policy::PoolKind::always_on;
  recorder_.add(shared_.now, always_on ? Gauge::always_on : Gauge::serverless, 1);
  set_work(job, request);
  watch_limit(slot);
  send(slot);
}

void Engine::apply(const policy::Commit& action) {
  WG_ASSERT(awaits_answer_ != kNoSlot && shared_.jobs[awaits_answer_].attempt == action.attempt,
            "a commit answers a first byte");
  const Job& job = shared_.jobs[awaits_answer_];
  awaits_answer_ = kNoSlot;
  Request& request = request_of(job.request);
  WG_ASSERT(!request.committed, "one answer for one request");
  request.committed = action.attempt;
  request.status = job.status;
  request.first_byte = shared_.now;
  request.saw_start = job.saw_start;
  request.by_serverless = job.backend.pool == policy::PoolKind::serverless;
  if (job.reason == policy::Reason::bypass) ++recorder_.figures().bypasses_won;
}

void Engine::apply(const policy::CancelAttempt& action) {
  const Slot slot =
      awaits_answer_ != kNoSlot && shared_.jobs[awaits_answer_].attempt == action.attempt
          ? awaits_answer_
          : shared_.jobs.find(action.attempt);
  if (slot == awaits_answer_) awaits_answer_ = kNoSlot;
  WG_ASSERT(slot != kNoSlot && !shared_.jobs[slot].orphan, "only what runs can be cancelled");
  Request& request = request_of(shared_.jobs[slot].request);
  WG_ASSERT(request.committed != action.attempt, "an answer that was passed on stays");
  abandon(slot);
  tell(policy::AttemptFinished{action.attempt, policy::Outcome::cancelled});
}

void Engine::apply(const policy::Reject& action) {
  Request& request = request_of(action.request);
  WG_ASSERT(request.running == 0 && !request.committed, "only who waits is refused");
  if (counts(request)) ++recorder_.figures().shed_by_reason[static_cast<size_t>(action.reason)];
  const bool refused = action.status == 429 || action.status == 503;
  recorder_.add(shared_.now, Gauge::queued, -1);
  end_request(request, refused ? RequestEnd::How::refused : RequestEnd::How::failed);
}

void Engine::apply(const policy::StartProbe& action) {
  const Slot slot = new_job({}, action.backend);
  Job& job = shared_.jobs[slot];
  job.is_probe = true;
  job.probe = action.probe;
  job.probe_kind = action.kind;
  const Instant limit = shared_.now + action.timeout;
  if (action.backend.pool == policy::PoolKind::always_on) {
    // Answered beside the work, so that a busy backend is not taken for a dead one.
    const bool up = reachable(action.backend);
    job.stage = up ? Stage::answered : Stage::connecting;
    shared_.queue.push(shared_.now + round_trip(action.backend.pool),
                       up ? Happening::end : Happening::connect_fails, slot, job.check);
    return;
  }
  ++serverless_probes_;
  ++recorder_.figures().wakes.total;
  job.work = static_cast<double>((world_.serverless.probe_time + action.hold).count());
  shared_.queue.push(limit, Happening::probe_limit, slot, job.check);
  send(slot);
}

void Engine::apply(const policy::SetTimer& action) {
  WG_ASSERT(action.at > shared_.now, "a timer is in the future");
  timer_ = action.at;
}

// ---- jobs

Slot Engine::new_job(policy::AttemptId attempt, policy::BackendRef backend) {
  const uint16_t backends =
      backend.pool == policy::PoolKind::always_on ? world_.always_on.backends : UINT16_MAX;
  WG_ASSERT(backend.index < backends, "the world has the backends that the settings name");
  const Slot slot = shared_.jobs.insert(attempt);
  shared_.jobs[slot].backend = backend;
  return slot;
}

void Engine::send(Slot slot) {
  Job& job = shared_.jobs[slot];
  if (!reachable(job.backend)) {
    shared_.queue.push(shared_.now + round_trip(job.backend.pool), Happening::connect_fails, slot,
                       job.check);
    return;
  }
  const bool always_on = job.backend.pool == policy::PoolKind::always_on;
  const bool refused = always_on ? always_on_.arrive(slot) : platform_.arrive(slot);
  if (!refused) return;
  shared_.queue.push(shared_.now + round_trip(job.backend.pool), Happening::answer, slot,
                     job.check);
}

// The same attempt of the same request takes as long under every policy.
void Engine::set_work(Job& job, const Request& request) {
  const bool always_on = job.backend.pool == policy::PoolKind::always_on;
  const double speed = always_on ? world_.always_on.machine.speed : world_.serverless.speed;
  double work = static_cast<double>(workload_[request.index].service.count()) / speed;
  if (world_.service_noise > 0) {
    Prng prng(seed_ ^ (uint64_t{request.index} << 20) ^ (request.attempts << 1) ^
              (always_on ? 1 : 0));
    work *= lognormal_with_mean_1(prng, world_.service_noise);
  }
  work = std::max(work, 1.0);
  job.work = world_.first_byte_share * work;
  job.more_work = work - job.work;
  job.streams = world_.first_byte_share < 1;
}

// Cancelled: its place is free at once, or when its work is done.
void Engine::abandon(Slot slot) {
  Job& job = shared_.jobs[slot];
  Request& request = request_of(job.request);
  const bool always_on = job.backend.pool == policy::PoolKind::always_on;
  if (--request.running == 0) recorder_.add(shared_.now, Gauge::queued, 1);
  --attempts_;
  recorder_.add(shared_.now, always_on ? Gauge::always_on : Gauge::serverless, -1);
  forget_limit(slot);
  if (job.stage == Stage::working && !world_.cancel_ends_work) {
    job.orphan = true;
    job.check = shared_.jobs.new_check();  // what is on its way to the gateway is for nobody
    return;
  }
  if (always_on) {
    always_on_.leave(slot);
  } else {
    platform_.leave(slot);
  }
  shared_.jobs.erase(slot);
}

// ---- the limit until the first byte: attempts in the order of their start

void Engine::watch_limit(Slot slot) {
  Job& job = shared_.jobs[slot];
  job.older = youngest_;
  (youngest_ == kNoSlot ? oldest_ : shared_.jobs[youngest_].younger) = slot;
  youngest_ = slot;
  if (limit_watched_) return;
  limit_watched_ = true;
  shared_.queue.push(shared_.now + world_.first_byte_limit, Happening::attempt_limit);
}

void Engine::forget_limit(Slot slot) {
  Job& job = shared_.jobs[slot];
  if (job.first_byte_given) return;
  job.first_byte_given = true;
  (job.older == kNoSlot ? oldest_ : shared_.jobs[job.older].younger) = job.younger;
  (job.younger == kNoSlot ? youngest_ : shared_.jobs[job.younger].older) = job.older;
}

}  // namespace warmgate::sim
