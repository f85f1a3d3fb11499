// How jobs and requests end.
#include <algorithm>

#include "base/assert.h"
#include "sim/engine.h"

namespace warmgate::sim {
namespace {

policy::Outcome outcome_of(uint16_t status) {
  if (status == 429 || status == 503) return policy::Outcome::refused_busy;
  if (status >= 400 && status < 500) return policy::Outcome::client_error;
  return status >= 500 ? policy::Outcome::server_error : policy::Outcome::ok;
}

// The first byte is the last: an answer in one piece, or a refusal.
bool is_whole(const Job& job) {
  return !job.streams || job.status != 200;
}

}  // namespace

// A pool has done its part; the answer travels to the gateway. The whole round trip stands here, at
// its end: that shifts the work by half of it, and no answer.
void Engine::done(Slot slot, Done what) {
  const Job& job = shared_.jobs[slot];
  if (job.orphan) {
    if (what == Done::all) shared_.jobs.erase(slot);
    return;
  }
  const Duration travel = round_trip(job.backend.pool);
  const bool is_first = what == Done::first_byte || (!job.is_probe && is_whole(job));
  if (travel > 0s) {
    shared_.queue.push(shared_.now + travel, is_first ? Happening::answer : Happening::end, slot,
                       job.check);
  } else if (is_first) {
    first_byte(slot);
  } else {
    end(slot);
  }
}

void Engine::first_byte(Slot slot) {
  Job& job = shared_.jobs[slot];
  forget_limit(slot);
  const uint32_t check = job.check;
  const bool whole = is_whole(job);
  awaits_answer_ = slot;
  tell(policy::AttemptFirstByte{job.attempt, job.status, evidence(job)});
  WG_ASSERT(awaits_answer_ == kNoSlot, "a first byte is answered by Commit or CancelAttempt");
  if (whole && shared_.jobs.find(slot, check) != nullptr) end(slot);
}

void Engine::end(Slot slot) {
  const Job& job = shared_.jobs[slot];
  if (job.is_probe) return finish_probe(slot, outcome_of(job.status));
  finish_attempt(slot, outcome_of(job.status));
}

void Engine::finish_attempt(Slot slot, policy::Outcome outcome) {
  const Job& job = shared_.jobs[slot];
  const policy::AttemptId id = job.attempt;
  Request& request = request_of(job.request);
  const bool always_on = job.backend.pool == policy::PoolKind::always_on;
  forget_limit(slot);
  --attempts_;
  --request.running;
  recorder_.add(shared_.now, always_on ? Gauge::always_on : Gauge::serverless, -1);
  shared_.jobs.erase(slot);
  if (request.committed == id) {
    WG_ASSERT(request.running == 0, "the losers were cancelled");
    const bool good = outcome == policy::Outcome::ok;
    const bool busy = outcome == policy::Outcome::refused_busy;
    end_request(request, good   ? RequestEnd::How::answered
                         : busy ? RequestEnd::How::refused
                                : RequestEnd::How::failed);
  } else if (request.running == 0) {
    recorder_.add(shared_.now, Gauge::queued, 1);
  }
  tell(policy::AttemptFinished{id, outcome});
}

void Engine::finish_probe(Slot slot, policy::Outcome outcome) {
  const Job job = shared_.jobs[slot];
  shared_.jobs.erase(slot);
  if (job.backend.pool == policy::PoolKind::serverless) --serverless_probes_;
  const bool answered = outcome == policy::Outcome::ok;
  tell(policy::ProbeFinished{job.probe, outcome, answered ? evidence(job) : std::nullopt});
}

// Their backend or instance is gone. One loss may make the policy cancel another.
void Engine::lose(const std::vector<Slot>& jobs) {
  std::vector<uint32_t> checks;
  for (const Slot slot : jobs) {
    shared_.jobs[slot].stage = Stage::connecting;
    checks.push_back(shared_.jobs[slot].check);
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (shared_.jobs.find(jobs[i], checks[i]) != nullptr) lose(jobs[i]);
  }
}

void Engine::lose(Slot slot) {
  const Job& job = shared_.jobs[slot];
  if (job.orphan) return shared_.jobs.erase(slot);
  if (job.is_probe) return finish_probe(slot, policy::Outcome::broken);
  const bool midway = request_of(job.request).committed == job.attempt;
  finish_attempt(slot, midway ? policy::Outcome::broken_midway : policy::Outcome::broken);
}

void Engine::check_limits() {
  limit_watched_ = false;
  while (oldest_ != kNoSlot &&
         shared_.jobs[oldest_].began + world_.first_byte_limit <= shared_.now) {
    const Slot slot = oldest_;
    const Job& job = shared_.jobs[slot];
    if (job.backend.pool == policy::PoolKind::always_on) {
      always_on_.leave(slot);
    } else {
      platform_.leave(slot);
    }
    finish_attempt(slot, policy::Outcome::timed_out);
  }
  if (oldest_ == kNoSlot || limit_watched_) return;
  limit_watched_ = true;
  shared_.queue.push(shared_.jobs[oldest_].began + world_.first_byte_limit,
                     Happening::attempt_limit);
}

void Engine::end_request(Request& request, RequestEnd::How how) {
  const workload::Request& arrival = workload_[request.index];
  const Instant counted =
      world_.slo_first_byte && how == RequestEnd::How::answered ? request.first_byte : shared_.now;
  RequestEnd end;
  end.how = how;
  end.latency = counted - request.arrived;
  end.service = arrival.service;
  end.saw_start = request.saw_start;
  end.waited = request.waited;
  end.start_under_way = platform_.starting_since(request.arrived);
  end.by_serverless = request.by_serverless;
  end.low_priority = arrival.low_priority;
  if (counts(request)) recorder_.request_ended(shared_.now, end);
  const auto slot = static_cast<uint32_t>(&request - requests_.data());
  request.id = {};
  free_requests_.push_back(slot);
  --live_requests_;
}

std::optional<policy::InstanceEvidence> Engine::evidence(const Job& job) const {
  if (!world_.serverless.names_instances || job.instance_key == 0) return std::nullopt;
  return policy::InstanceEvidence{policy::InstanceKey{job.instance_key},
                                  shared_.now - job.instance_began, job.instance_served};
}

Duration Engine::round_trip(policy::PoolKind pool) const {
  return pool == policy::PoolKind::always_on ? world_.always_on.round_trip
                                             : world_.serverless.round_trip;
}

}  // namespace warmgate::sim
