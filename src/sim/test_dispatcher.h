// Dispatchers for tests of the simulator itself.
#pragma once

#include <optional>
#include <vector>

#include "policy/dispatcher.h"

namespace warmgate::sim {

// Sends every request to one pool at once, passes every answer on, and gives up what fails.
class SendEverywhere : public policy::Dispatcher {
 public:
  explicit SendEverywhere(policy::PoolKind pool) : pool_(pool) {}

  // Sent with the next event, once.
  void send_probe(Duration hold = {}, Duration timeout = 240s) {
    probe_ =
        policy::StartProbe{policy::ProbeId{1}, {pool_, 0}, policy::ProbeKind::wake, timeout, hold};
  }
  // Sent when so many requests have arrived.
  void release_after(size_t requests) { release_after_ = requests; }

  void step(Instant now, const policy::Event& event, policy::Actions& out) override {
    if (probe_) out.push_back(*probe_);
    probe_.reset();
    if (const auto* arrived = std::get_if<policy::RequestArrived>(&event)) {
      requests_.push_back(arrived->request);
      out.push_back(policy::StartAttempt{
          arrived->request, policy::AttemptId{requests_.size()}, {pool_, 0}, policy::Reason::warm});
      if (requests_.size() == release_after_) {
        out.push_back(policy::StartProbe{
            policy::ProbeId{2}, {pool_, 0}, policy::ProbeKind::release, 240s, {}});
      }
    } else if (const auto* answered = std::get_if<policy::AttemptFirstByte>(&event)) {
      answers.push_back({now, answered->status, answered->evidence});
      out.push_back(policy::Commit{answered->attempt});
    } else if (const auto* finished = std::get_if<policy::AttemptFinished>(&event)) {
      ends.push_back({now, finished->outcome});
      const bool without_answer = finished->outcome == policy::Outcome::connect_failed ||
                                  finished->outcome == policy::Outcome::broken ||
                                  finished->outcome == policy::Outcome::timed_out;
      if (without_answer) {
        out.push_back(policy::Reject{requests_[finished->attempt.value - 1],
                                     policy::RejectReason::upstream_failed,
                                     502,
                                     {}});
      }
    } else if (const auto* probe = std::get_if<policy::ProbeFinished>(&event)) {
      probes.push_back({now, *probe});
    }
  }
  void check_invariants() const override {}
  policy::ServiceStatus status(Instant) const override { return {}; }

  struct Answer {
    Instant at;
    uint16_t status;
    std::optional<policy::InstanceEvidence> evidence;
  };
  struct End {
    Instant at;
    policy::Outcome outcome;
  };
  struct ProbeEnd {
    Instant at;
    policy::ProbeFinished event;
  };
  std::vector<Answer> answers;
  std::vector<End> ends;
  std::vector<ProbeEnd> probes;

 private:
  policy::PoolKind pool_;
  std::optional<policy::StartProbe> probe_;
  size_t release_after_ = SIZE_MAX;
  std::vector<policy::RequestId> requests_;  // by attempt
};

}  // namespace warmgate::sim
