#pragma once

#include <vector>

#include "sim/always_on_pool.h"
#include "sim/platform.h"
#include "sim/recorder.h"
#include "sim/simulation.h"

namespace warmgate::sim {

// Engine plays the gateway's and the world's part around one Dispatcher: it makes events of what
// happens, and carries out actions.
//
// Model.    The next thing to happen is the earliest of the event queue, the next arrival and the
//           Dispatcher's one timer; at equal times in this order. Steps do not nest: what an action
//           brings about at once is told after all actions of its step, as in the gateway.
//           engine.cc has the course of things, engine_actions.cc the actions, engine_answers.cc
//           the ends of jobs and requests.
// Invariants (WG_ASSERT).
//   1. A request ends once: by a Reject, or by a committed attempt that ends.
//   2. A first byte is answered by Commit or CancelAttempt in the same step.
//   3. Time does not stand still, and no request is left without an end.
class Engine {
 public:
  Engine(const World& world, const workload::Workload& workload, policy::Dispatcher& dispatcher,
         uint64_t seed, const SimulationOptions& options);

  Figures run();

 private:
  struct Request {
    policy::RequestId id;  // none: the record is free
    Instant arrived{};
    uint32_t index = 0;    // in the workload
    uint32_t running = 0;  // attempts that were neither cancelled nor finished
    uint32_t attempts = 0;
    policy::AttemptId committed{};
    bool committed_good = false;
    bool waited = false;
    bool saw_start = false;
    bool by_serverless = false;
    uint16_t status = 0;  // of the committed answer
    Instant first_byte{};
  };

  // ---- engine.cc
  bool nothing_left() const;
  void happen(const EventQueue::Entry& entry);
  void abandon();
  void arrive();
  void tell(const policy::Event& event);
  void step(const policy::Event& event);
  void always_on_work(const EventQueue::Entry& entry);
  void instance_work(const EventQueue::Entry& entry);
  void fault_begins(const Fault& fault);
  void fault_ends(const Fault& fault);
  bool reachable(policy::BackendRef backend) const;
  void measure();
  bool counts(const Request& request) const { return request.arrived >= measured_from_; }
  bool report_progress();
  Figures finish();

  // ---- engine_actions.cc
  void apply(const policy::StartAttempt& action);
  void apply(const policy::Commit& action);
  void apply(const policy::CancelAttempt& action);
  void apply(const policy::Reject& action);
  void apply(const policy::StartProbe& action);
  void apply(const policy::SetTimer& action);
  void apply(const policy::Preconnect&) {}     // connections cost no time here
  void apply(const policy::BudgetCrossed&) {}  // for a log
  Slot new_job(policy::AttemptId attempt, policy::BackendRef backend);
  void send(Slot slot);
  void set_work(Job& job, const Request& request);
  void abandon(Slot slot);
  void watch_limit(Slot slot);
  void forget_limit(Slot slot);

  // ---- engine_answers.cc
  void done(Slot slot, Done what);
  void first_byte(Slot slot);
  void end(Slot slot);
  void finish_attempt(Slot slot, policy::Outcome outcome);
  void finish_probe(Slot slot, policy::Outcome outcome);
  void lose(const std::vector<Slot>& jobs);
  void lose(Slot slot);
  void check_limits();
  void end_request(Request& request, RequestEnd::How how);
  std::optional<policy::InstanceEvidence> evidence(const Job& job) const;
  Duration round_trip(policy::PoolKind pool) const;

  static policy::RequestId request_id(size_t index, uint32_t slot);
  Request& request_of(policy::RequestId id);

  const World& world_;
  const workload::Workload& workload_;
  policy::Dispatcher& dispatcher_;
  SimulationOptions options_;
  uint64_t seed_;
  Shared shared_;
  Recorder recorder_;
  AlwaysOnPool always_on_;
  Platform platform_;

  std::vector<Request> requests_;
  std::vector<uint32_t> free_requests_;
  uint32_t live_requests_ = 0;
  size_t next_ = 0;        // arrival
  uint32_t attempts_ = 0;  // jobs that are attempts and not orphans
  uint32_t serverless_probes_ = 0;
  uint32_t live_instances_ = 0;                 // as the recorder knows it
  Slot oldest_ = kNoSlot, youngest_ = kNoSlot;  // attempts without a first byte
  bool limit_watched_ = false;
  Instant timer_ = kNever;
  std::array<uint32_t, 2> partitions_{};  // that last, by pool

  policy::Actions actions_;
  std::vector<policy::Event> at_once_;  // told after the step
  bool stepping_ = false;
  Slot awaits_answer_ = kNoSlot;
  uint64_t steps_ = 0;
  uint64_t steps_at_this_instant_ = 0;
  bool stopped_ = false;

  // What had come together before the measured part.
  Instant measured_from_{};
  Platform::Account account_before_;
  double vcpu_s_before_ = 0;
};

}  // namespace warmgate::sim
