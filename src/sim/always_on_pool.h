#pragma once

#include <deque>
#include <vector>

#include "sim/worker.h"

namespace warmgate::sim {

// AlwaysOnPool is the machines of the always-on pool, each with a model server that works on
// `slots` requests at a time and keeps the rest in a queue of its own.
//
// Model.    See AlwaysOnModel. A crashed backend loses all its requests and refuses connections
//           until it is restored; its bucket of credits is as it was.
// Bounds.   slots and backlog per backend; beyond them 503.
class AlwaysOnPool {
 public:
  explicit AlwaysOnPool(Shared& shared);

  bool is_up(uint16_t backend) const { return backends_[backend].crashes == 0; }

  // The backend is up. The job works, waits, or gets status 503 (then true: it is answered).
  bool arrive(Slot slot);
  Done take_done(uint16_t backend, Slot& slot);
  bool is_due(uint16_t backend, Instant at) { return backends_[backend].worker.is_due(at); }
  void watch(uint16_t backend);
  void leave(Slot slot);  // cancelled, or the gateway gave it up

  // Appends the jobs that are lost.
  void crash(uint16_t backend, std::vector<Slot>& lost);
  void restore(uint16_t backend);

  double used_vcpu_s();

 private:
  struct Backend {
    Worker worker;
    std::deque<Slot> backlog;
    uint32_t crashes = 0;  // that last
  };

  void begin_waiting(Backend& backend);

  Shared& shared_;
  std::vector<Backend> backends_;
};

}  // namespace warmgate::sim
