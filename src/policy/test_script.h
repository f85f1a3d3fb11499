// Script tells a Dispatcher what happens at which instant, and finds what it did about it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "policy/dispatcher.h"

namespace warmgate::policy {

class Script {
 public:
  explicit Script(const ServiceSettings& settings)
      : dispatcher_(make_warmgate_dispatcher(settings, 1)) {
    tell(TimerFired{});
  }

  Instant now() const { return now_; }
  void wait(Duration time) { now_ += time; }
  ServiceStatus status() const { return dispatcher_->status(now_); }
  const Actions& did() const { return did_; }  // in the last step

  const Actions& tell(const Event& event) {
    did_.clear();
    if (const auto* finished = std::get_if<AttemptFinished>(&event)) {
      running_.erase(finished->attempt.value);
    }
    if (const auto* finished = std::get_if<ProbeFinished>(&event)) {
      std::erase_if(probes_running_, [&](ProbeId id) { return id == finished->probe; });
    }
    dispatcher_->step(now_, event, did_);
    dispatcher_->check_invariants();
    for (const Action& action : did_) {
      if (const auto* start = std::get_if<StartAttempt>(&action)) {
        attempts_[start->request.value] = *start;
        running_.insert(start->attempt.value);
      }
      if (const auto* probe = std::get_if<StartProbe>(&action)) {
        probes_.push_back(*probe);
        probes_running_.push_back(probe->probe);
      }
      if (const auto* timer = std::get_if<SetTimer>(&action)) timer_ = timer->at;
    }
    return did_;
  }

  // Lets the timer fire, as often as it asks, until `time` has passed. Gathers all actions.
  const Actions& let_pass(Duration time) {
    const Instant end = now_ + time;
    Actions gathered;
    while (timer_ <= end) {
      now_ = std::max(now_, timer_);
      timer_ = kNever;
      tell(TimerFired{});
      gathered.insert(gathered.end(), did_.begin(), did_.end());
    }
    now_ = end;
    did_ = gathered;
    return did_;
  }

  RequestArrived request(uint64_t id) const { return {.request = RequestId{id}}; }
  void arrive(uint64_t id) { tell(request(id)); }

  // The request's latest attempt answers, or ends.
  void first_byte(uint64_t request, uint16_t status = 200,
                  std::optional<InstanceEvidence> evidence = std::nullopt) {
    tell(AttemptFirstByte{attempts_.at(request).attempt, status, evidence});
  }
  void finish(uint64_t request, Outcome outcome = Outcome::ok) {
    tell(AttemptFinished{attempts_.at(request).attempt, outcome});
  }
  void answer(uint64_t request, std::optional<InstanceEvidence> evidence = std::nullopt) {
    first_byte(request, 200, evidence);
    finish(request);
  }
  bool runs(uint64_t request) const {
    const auto found = attempts_.find(request);
    return found != attempts_.end() && running_.contains(found->second.attempt.value);
  }
  StartAttempt attempt(uint64_t request) const { return attempts_.at(request); }

  // ---- what the last step did
  std::optional<StartAttempt> started(uint64_t request) const {
    for (const Action& action : did_) {
      const auto* start = std::get_if<StartAttempt>(&action);
      if (start != nullptr && start->request.value == request) return *start;
    }
    return std::nullopt;
  }
  std::optional<Reject> rejected(uint64_t request) const {
    for (const Action& action : did_) {
      const auto* reject = std::get_if<Reject>(&action);
      if (reject != nullptr && reject->request.value == request) return *reject;
    }
    return std::nullopt;
  }
  bool waits(uint64_t request) const { return !started(request) && !rejected(request); }
  bool committed(AttemptId attempt) const {
    for (const Action& action : did_) {
      const auto* commit = std::get_if<Commit>(&action);
      if (commit != nullptr && commit->attempt == attempt) return true;
    }
    return false;
  }
  bool cancelled(AttemptId attempt) const {
    for (const Action& action : did_) {
      const auto* cancel = std::get_if<CancelAttempt>(&action);
      if (cancel != nullptr && cancel->attempt == attempt) return true;
    }
    return false;
  }
  uint32_t probes(ProbeKind kind) const {
    uint32_t count = 0;
    for (const Action& action : did_) {
      const auto* probe = std::get_if<StartProbe>(&action);
      count += probe != nullptr && probe->kind == kind ? 1 : 0;
    }
    return count;
  }
  // Every probe that is in flight is answered well.
  void answer_probes(std::optional<InstanceEvidence> evidence = std::nullopt) {
    for (const ProbeId probe : std::vector<ProbeId>(probes_running_)) {
      tell(ProbeFinished{probe, Outcome::ok, evidence});
    }
  }
  StartProbe last_probe() const { return probes_.back(); }
  std::vector<ProbeId> probes_in_flight() const { return probes_running_; }

  // ---- courses of events that many scenarios begin with

  // `count` requests, one after the other, each answered after `service`; each a second apart, so
  // that demand stays low.
  void teach(uint64_t first_id, int count, Duration service) {
    for (int i = 0; i < count; ++i) {
      const uint64_t id = first_id + static_cast<uint64_t>(i);
      arrive(id);
      wait(service);
      answer(id);
      wait(1s);
    }
  }

  // `count` requests that take all always-on slots (ids from `first_id`).
  void fill(uint64_t first_id, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      arrive(first_id + i);
      EXPECT_TRUE(started(first_id + i));
    }
  }

  // The wake that is in flight succeeds.
  void wake_answers(Duration age = 10ms, uint64_t instance = 7) {
    tell(ProbeFinished{last_probe().probe, Outcome::ok,
                       InstanceEvidence{InstanceKey{instance}, age, 0}});
  }

 private:
  std::unique_ptr<Dispatcher> dispatcher_;
  Instant now_{100s};
  Instant timer_ = kNever;
  Actions did_;
  std::map<uint64_t, StartAttempt> attempts_;
  std::set<uint64_t> running_;  // attempts
  std::vector<StartProbe> probes_;
  std::vector<ProbeId> probes_running_;
};

// Two always-on slots; one serverless instance of four; no health probes, so that a scenario says
// all that happens.
inline ServiceSettings small_service() {
  ServiceSettings settings;
  settings.slo = 500ms;
  settings.always_on.concurrency = 2;
  settings.serverless.concurrency = 4;
  settings.serverless.max_instances = 1;
  settings.serverless.expected_cold_start = 3s;
  settings.health.enabled = false;
  return settings;
}

inline bool on_always_on(const std::optional<StartAttempt>& start) {
  return start && start->backend.pool == PoolKind::always_on;
}
inline bool on_serverless(const std::optional<StartAttempt>& start) {
  return start && start->backend.pool == PoolKind::serverless;
}

// A wake has been answered; both pools are idle.
inline Script warm_script(const ServiceSettings& settings) {
  Script script(settings);
  script.fill(1, 2);
  script.arrive(3);
  script.wait(10ms);
  script.tell(ClientGone{RequestId{3}});
  script.answer(1);
  script.answer(2);
  script.wait(3s);
  script.wake_answers();
  return script;
}

}  // namespace warmgate::policy
