// SharedDispatcher: a service's Dispatcher, and the way to it from several workers.
//
// Model.   Whoever has an event steps the Dispatcher itself, under a lock, and carries out what
//          concerns its own requests at once: the usual request never leaves its thread. What the
//          step says of another worker's requests waits in that worker's inbox, and its loop is
//          told.
// Order.   Each worker gets its actions in the order in which the policy gave them: what waits in
//          its inbox comes before those of its own step.
// Lateness. So a worker may learn late of what was decided, and tell the policy of something that
//          is no longer so: a client that left a request that is rejected, a first byte of an
//          attempt that is cancelled. The policy knows such events, for a backend can be late too,
//          and passes over them; the worker passes over actions on what has ended meanwhile.
// Whose.   A request's id says which worker has it. An attempt is its request's worker's, and the
//          policy commits and cancels attempts only in answer to events of their own request.
//          Probes are the first worker's.
// Time.    Loops have read the clock at different moments; a step is never earlier than the last.
// Timer.   The worker whose step asks for it arms it; one that was asked for earlier, by another
//          worker, fires in vain.
// Cost.    Without other workers there is no lock, and nothing is copied.
// Thread.  Thread-safe, but for tell_by().
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "policy/dispatcher.h"
#include "recording/flight_recorder.h"

namespace warmgate::gateway {

class SharedDispatcher {
 public:
  // `recorder` is the Dispatcher, when it records; else nullptr.
  SharedDispatcher(std::unique_ptr<policy::Dispatcher> dispatcher,
                   const recording::FlightRecorder* recorder, uint32_t workers);

  // How a worker learns that something waits for it: `tell` is called on any thread, with the lock
  // held. For each worker, before the first step.
  void tell_by(uint32_t worker, std::function<void()> tell);

  // The `number`th request of a worker, from 1 on.
  policy::RequestId request_id(uint32_t worker, uint64_t number) const {
    return policy::RequestId{number * workers_ + worker};
  }
  bool shared() const { return workers_ > 1; }

  // Appends to `mine` what this worker must do now.
  void step(uint32_t worker, Instant now, const policy::Event& event, policy::Actions& mine) {
    if (shared()) [[unlikely]]
      return step_shared(worker, now, event, mine);
    dispatcher_->step(now, event, mine);
  }
  // Only what others have left for it, in answer to tell().
  void collect(uint32_t worker, policy::Actions& mine);

  policy::ServiceStatus status(Instant now) const;
  void check_invariants() const;
  bool records() const { return recorder_ != nullptr; }
  std::string recording() const;  // a recording's file, of what it records
  // For after the workers' end, and for the moment before an abort.
  const recording::FlightRecorder* recorder() const { return recorder_; }

 private:
  struct Inbox {
    policy::Actions actions;
    bool told = false;
    std::function<void()> tell;
  };

  uint32_t worker_of(policy::RequestId id) const {
    return static_cast<uint32_t>(id.value % workers_);
  }
  void step_shared(uint32_t worker, Instant now, const policy::Event& event, policy::Actions& mine);
  void route(uint32_t worker, const policy::Action& action, policy::Actions& mine);
  void give(uint32_t to, uint32_t from, const policy::Action& action, policy::Actions& mine);
  void take_inbox(uint32_t worker, policy::Actions& mine);

  const uint32_t workers_;
  const std::unique_ptr<policy::Dispatcher> dispatcher_;
  const recording::FlightRecorder* const recorder_;

  // Where there are several workers, `mutex_` guards the Dispatcher and what follows.
  mutable std::mutex mutex_;
  std::vector<Inbox> inboxes_;  // by worker
  policy::Actions actions_;     // of the present step
  Instant now_ = Instant::min();
  Instant timer_at_ = Instant::min();  // the first step is one of the timer
};

}  // namespace warmgate::gateway
