#pragma once

#include <array>
#include <deque>
#include <vector>

#include "policy/dispatcher.h"
#include "policy/slab_map.h"

namespace warmgate::baselines {

// A baseline is written in the policy's words throughout.
using policy::Actions;
using policy::AttemptFinished;
using policy::AttemptFirstByte;
using policy::AttemptId;
using policy::BackendRef;
using policy::ClientGone;
using policy::Dispatcher;
using policy::DrainStarted;
using policy::Event;
using policy::kNoSlot;
using policy::Outcome;
using policy::PoolKind;
using policy::ProbeFinished;
using policy::Reason;
using policy::RejectReason;
using policy::ReplayLost;
using policy::RequestArrived;
using policy::RequestId;
using policy::ServiceSettings;
using policy::ServiceStatus;
using policy::SettingsChanged;
using policy::Slot;
using policy::TimerFired;

// Baseline is what all policies that warmgate is compared with have in common: requests, attempts
// and permits are kept here, so that each of them is little more than its rule.
//
// Model.    A request has at most one attempt at a time and is passed on with its first answer,
//           whatever that says, unless the rule wants to try elsewhere. A failure before that is a
//           502 or 504, unless the rule has a better idea.
// Invariants.
//   1. A request gets one end: Reject, a committed attempt that finished, or ClientGone.
//   2. A slot is taken from StartAttempt to AttemptFinished.
//   3. Ties go by index, then by id: the same events give the same actions.
// Bounds.   kMostWaiting requests in the queue (fifo), then 503; the table follows the running
//           ones.
class Baseline : public Dispatcher {
 public:
  static constexpr size_t kMostWaiting = 100'000;

  explicit Baseline(const ServiceSettings& settings);

  void step(Instant now, const Event& event, Actions& out) final;
  void check_invariants() const final;
  ServiceStatus status(Instant now) const final;

 protected:
  struct Request {
    RequestId id;
    Instant arrived{};
    bool repeatable = true;  // false once the replay is lost, too
    bool waits = false;      // stands in the queue
    bool committed = false;  // an answer is being passed on
    Slot attempt = kNoSlot;  // running, not cancelled
    uint8_t attempts = 0;
  };
  struct Attempt {
    AttemptId id;
    Slot request = kNoSlot;  // kNoSlot once cancelled
    BackendRef backend{};
    Instant began{};
    bool answered = false;
    bool limited = false;  // by limit()
  };

  // ---- the rule

  // A new request: start(), wait() or reject() it.
  virtual void arrived(Instant now, Slot request) = 0;
  // An attempt got an answer: true discards it, and failed() is asked what to do instead.
  virtual bool discards(Instant, const Attempt&, uint16_t /*status*/) { return false; }
  // The request's only attempt came to nothing, and it may be sent again: start(), wait(),
  // give_up().
  virtual void failed(Instant, Slot request, const Attempt& /*attempt*/, Outcome outcome) {
    give_up(request, outcome);
  }
  // An attempt is over, its permit returned: learn from it.
  virtual void finished(Instant, const Attempt&, Outcome) {}
  // An attempt was silent for as long as limit() allowed; it is cancelled, failed() comes next.
  virtual void limit_reached(Instant, const Attempt&) {}
  // An attempt has its first byte: learn from it.
  virtual void answered(Instant, const Attempt&, uint16_t /*status*/) {}
  // At the end of each step: send what waits.
  virtual void release(Instant) {}

  // ---- what a rule can do

  void start(Instant now, Slot request, BackendRef backend, Reason reason);
  void wait(Slot request);  // at the end of the queue
  void reject(Slot request, RejectReason reason, uint16_t status);
  void give_up(Slot request, Outcome outcome);  // 502 or 504
  // Cancels the request's attempt if it has no answer by `limit`; failed() is then asked, with
  // Outcome::timed_out. One limit per baseline: due times are in the order of the calls.
  void limit(Instant now, Slot request, Duration limit);

  // The first that waits; kNoSlot when nobody does.
  Slot first_waiting();

  // The always-on backend with the fewest requests.
  BackendRef least_busy() const;
  bool slot_free(BackendRef backend) const { return in_flight(backend) < capacity(backend); }
  BackendRef next_serverless();  // addresses in turn
  bool has_always_on() const { return settings_.always_on.backends > 0; }
  bool has_serverless() const { return settings_.serverless.backends > 0; }

  uint32_t in_flight(BackendRef backend) const;
  uint32_t capacity(BackendRef backend) const {
    return backend.pool == PoolKind::always_on ? settings_.always_on.concurrency : UINT32_MAX;
  }
  uint32_t waiting() const { return waiting_; }
  const ServiceSettings& settings() const { return settings_; }
  const Request& request(Slot slot) const { return requests_[slot]; }

  template <class Visit>
  void for_each_attempt(Visit&& visit) const {
    attempts_.for_each([&](Slot, const Attempt& attempt) { visit(attempt); });
  }

 private:
  struct Limit {
    Instant at{};
    AttemptId attempt;
  };

  void on(Instant now, const RequestArrived& event);
  void on(Instant, const policy::BodyHere&) {}  // all of them send what they have
  void on(Instant now, const ClientGone& event);
  void on(Instant now, const ReplayLost& event);
  void on(Instant now, const AttemptFirstByte& event);
  void on(Instant now, const AttemptFinished& event);
  void on(Instant, const ProbeFinished&) {}
  void on(Instant, const policy::ScheduleTold&) {}  // none of them has schedules
  void on(Instant, const TimerFired&) { timer_ = kNever; }
  void on(Instant now, const DrainStarted&);
  void on(Instant now, const SettingsChanged& event);
  Slot first_limited();
  void end_limits(Instant now);
  void arm_timer();
  void after_failure(Instant now, const Attempt& attempt, Outcome outcome);
  void cancel(Slot attempt);
  void forget(Slot request);
  void fit_backends();
  uint32_t& permits(BackendRef backend);

  ServiceSettings settings_;
  Actions* out_ = nullptr;  // during a step
  Instant timer_ = kNever;
  bool draining_ = false;
  policy::SlabMap<RequestId, Request> requests_;
  policy::SlabMap<AttemptId, Attempt> attempts_;
  uint64_t last_attempt_ = 0;
  std::deque<RequestId> fifo_;  // some may be gone
  uint32_t waiting_ = 0;        // those that are not
  std::deque<Limit> limits_;    // by `at`; some may be gone
  std::vector<uint32_t> always_on_in_flight_, serverless_in_flight_;
  uint16_t serverless_turn_ = 0;
  uint64_t retries_ = 0;
  std::array<uint64_t, policy::kReasonCount> attempts_by_reason_{};
  std::array<uint64_t, policy::kRejectReasonCount> rejects_by_reason_{};
};

}  // namespace warmgate::baselines
