// What a test wants to know of single requests, which Figures do not tell.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "policy/dispatcher.h"

namespace warmgate::sim {

// Watcher hands everything on to a policy, and counts by key who was answered, late and refused.
class Watcher final : public policy::Dispatcher {
 public:
  struct Counts {
    uint64_t answered = 0, late = 0, refused = 0, failed = 0;

    uint64_t requests() const { return answered + refused + failed; }
    uint64_t violations() const { return late + refused + failed; }
    double share_violated() const {
      return static_cast<double>(violations()) / static_cast<double>(requests());
    }
  };

  Watcher(std::unique_ptr<policy::Dispatcher> watched, Duration slo)
      : watched_(std::move(watched)), slo_(slo) {}

  void step(Instant now, const policy::Event& event, policy::Actions& out) override {
    if (const auto* arrived = std::get_if<policy::RequestArrived>(&event)) {
      requests_[arrived->request.value] = {now, arrived->key};
    }
    if (const auto* finished = std::get_if<policy::AttemptFinished>(&event)) end(now, *finished);
    const size_t before = out.size();
    watched_->step(now, event, out);
    for (size_t i = before; i < out.size(); ++i) {
      if (const auto* start = std::get_if<policy::StartAttempt>(&out[i])) {
        attempts_[start->attempt.value] = start->request.value;
      } else if (const auto* commit = std::get_if<policy::Commit>(&out[i])) {
        committed_[commit->attempt.value] = true;
      } else if (const auto* reject = std::get_if<policy::Reject>(&out[i])) {
        const bool refused = reject->status == 429 || reject->status == 503;
        Counts& counts = by_key[requests_[reject->request.value].key];
        ++(refused ? counts.refused : counts.failed);
        requests_.erase(reject->request.value);
      }
    }
  }
  void check_invariants() const override { watched_->check_invariants(); }
  policy::ServiceStatus status(Instant now) const override { return watched_->status(now); }

  std::map<uint64_t, Counts> by_key;

 private:
  struct Request {
    Instant arrived;
    uint64_t key = 0;
  };

  void end(Instant now, const policy::AttemptFinished& finished) {
    const uint64_t request = attempts_[finished.attempt.value];
    attempts_.erase(finished.attempt.value);
    if (committed_.erase(finished.attempt.value) == 0) return;
    Counts& counts = by_key[requests_[request].key];
    const bool good = finished.outcome == policy::Outcome::ok;
    const bool busy = finished.outcome == policy::Outcome::refused_busy;
    ++(good ? counts.answered : busy ? counts.refused : counts.failed);
    if (good && now - requests_[request].arrived > slo_) ++counts.late;
    requests_.erase(request);
  }

  std::unique_ptr<policy::Dispatcher> watched_;
  Duration slo_;
  std::unordered_map<uint64_t, Request> requests_;
  std::unordered_map<uint64_t, uint64_t> attempts_;  // to requests
  std::unordered_map<uint64_t, bool> committed_;
};

}  // namespace warmgate::sim
