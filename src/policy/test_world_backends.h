// TestWorld's backends: always-on servers and a platform that starts and ends instances.
#pragma once

#include "policy/test_world.h"

namespace warmgate::policy {

inline void TestWorld::first_byte(uint64_t id) {
  AttemptState& attempt = attempts_[id];
  if (attempt.finished) return;
  const bool serverless = attempt.backend.pool == PoolKind::serverless;
  const bool died =
      serverless ? !instances_[attempt.instance].alive : !always_on_alive_[attempt.backend.index];
  if (died) return finish(id, Outcome::broken);
  attempt.answered = true;
  AttemptFirstByte event{AttemptId{id}, 200, std::nullopt};
  if (prng_.chance(world_.errors)) event.status = prng_.chance(0.5) ? 500 : 503;
  if (serverless && world_.names_instances) {
    Instance& instance = instances_[attempt.instance];
    event.evidence = {InstanceKey{attempt.instance}, now_ - instance.ready, ++instance.served};
  }
  awaits_answer_ = AttemptId{id};
  answer_given_ = false;
  const bool was_cancelled = attempt.cancelled;
  tell(event);
  if (!was_cancelled && !answer_given_) complain("a first byte got no answer");
  const Outcome outcome = event.status == 500   ? Outcome::server_error
                          : event.status == 503 ? Outcome::refused_busy
                                                : Outcome::ok;
  later(world_.service_time / 5, What::finish, id, static_cast<uint64_t>(outcome));
}

inline void TestWorld::finish(uint64_t id, Outcome outcome) {
  AttemptState& attempt = attempts_[id];
  if (attempt.finished) return;
  attempt.finished = true;
  if (attempt.cancelled) outcome = Outcome::cancelled;
  if (attempt.backend.pool == PoolKind::always_on) {
    --always_on_in_flight_[attempt.backend.index];
  } else if (attempt.pending) {
    std::erase(pending_, std::pair<uint64_t, bool>{id, false});
  } else if (attempt.instance != 0) {
    free_instance(attempt.instance);
  }
  RequestState& request = requests_[attempt.request.value];
  if (!attempt.cancelled) --request.running;
  if (request.committed == AttemptId{id} && !attempt.cancelled) {
    if (!request.ended) {
      ++answered_;
      if (counts(request)) {
        count(request, &Figures::answered);
        count(request, &Figures::late, now_ - request.arrived > world_.service.slo);
      }
    }
    request.ended = true;
  }
  tell(AttemptFinished{AttemptId{id}, outcome});
  place_pending();
}

// The platform: an instance with room, or a place in its own queue and perhaps a new instance.
inline void TestWorld::place(uint64_t id, bool probe) {
  for (auto& [key, instance] : instances_) {
    if (pending_.empty() && instance.alive && !instance.leaving && instance.ready <= now_ &&
        instance.in_flight < world_.service.serverless.concurrency) {
      return run_on(id, key, probe);
    }
  }
  pending_.emplace_back(id, probe);
  if (!probe) attempts_[id].pending = true;
  later(10s, What::platform_gives_up, id, probe ? 1 : 0);
  uint32_t starting = 0;
  uint32_t alive = 0;
  for (const auto& [key, instance] : instances_) {
    alive += instance.alive ? 1 : 0;
    starting += instance.alive && instance.ready > now_ ? 1 : 0;
  }
  if (pending_.size() > size_t{starting} * world_.service.serverless.concurrency &&
      alive < world_.real_instances) {
    const Duration start =
        from_seconds(to_seconds(world_.start_time) * (0.7 + 0.6 * prng_.uniform()));
    instances_[++last_instance_] = {now_ + start, now_ + start, 0, 0, true};
    later(start, What::instance_ready);
  }
}

inline void TestWorld::place_pending() {
  while (!pending_.empty()) {
    bool placed = false;
    for (auto& [key, instance] : instances_) {
      if (!instance.alive || instance.ready > now_ ||
          instance.in_flight >= world_.service.serverless.concurrency) {
        continue;
      }
      const auto [id, probe] = pending_.front();
      pending_.erase(pending_.begin());
      run_on(id, key, probe);
      placed = true;
      break;
    }
    if (!placed) return;
  }
}

inline void TestWorld::run_on(uint64_t id, uint64_t key, bool probe) {
  ++instances_[key].in_flight;
  if (probe) {
    probes_[id].instance = key;
    return later(1ms + probes_[id].hold, What::wake_done, id);
  }
  attempts_[id].pending = false;
  attempts_[id].instance = key;
  later(service() * 4 / 5, What::first_byte, id);
}

inline void TestWorld::free_instance(uint64_t key) {
  --instances_[key].in_flight;
  instances_[key].last_busy = now_;
  if (instances_[key].leaving && instances_[key].in_flight == 0) instances_[key].alive = false;
  place_pending();  // first come those who wait at the platform
}

inline void TestWorld::forget_idle_instances() {
  for (auto& [key, instance] : instances_) {
    if (instance.in_flight == 0 && now_ - instance.last_busy > world_.idle_lifetime) {
      instance.alive = false;
    }
  }
}

inline void TestWorld::crash() {
  const uint64_t choice = prng_.below(2);
  if (choice == 0 && !always_on_alive_.empty()) {
    const uint64_t index = prng_.below(always_on_alive_.size());
    always_on_alive_[index] = false;
    later(from_seconds(prng_.exponential(1.0)), What::restart, index);
  } else if (choice == 1 && !instances_.empty()) {
    instances_.rbegin()->second.alive = false;
  }
}

inline void TestWorld::check_end() {
  for (const auto& [id, request] : requests_) {
    if (!request.ended) complain("request " + std::to_string(id) + " never ended");
    if (request.running != 0) complain("an attempt never ended");
  }
  for (const auto& [id, attempt] : attempts_) {
    if (!attempt.finished) complain("attempt " + std::to_string(id) + " was never answered");
  }
  for (const auto& [id, probe] : probes_) {
    if (!probe.done && now_ - probe.sent > 20s) complain("a probe was never answered");
  }
  const ServiceStatus status = dispatcher_->status(now_);
  if (status.queued != 0 || status.queued_bytes != 0) complain("somebody still waits");
  if (status.gathering != 0 || status.gathering_bytes != 0) complain("somebody still gathers");
  if (status.always_on.in_flight != 0 || status.serverless.in_flight != 0) {
    complain("permits do not return to zero");
  }
}

}  // namespace warmgate::policy
