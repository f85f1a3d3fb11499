// Dispatcher: the decisions for one service. No I/O, no clock, no thread, no lock.
#pragma once

#include <memory>

#include "policy/events.h"
#include "policy/settings.h"
#include "policy/status.h"

namespace warmgate::policy {

// Thread.      One writer; not thread-safe.
// Time.        `now` never decreases from one step to the next.
// Determinism. The same settings, seed and events give the same actions, bit for bit.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;

  // Takes one event and appends what must be done now. `out` is not cleared.
  virtual void step(Instant now, const Event& event, Actions& out) = 0;

  // Aborts through WG_ASSERT when a rule of the class is broken. O(everything); for tests and
  // simulations after every step.
  virtual void check_invariants() const = 0;

  // A picture of the state for /status and /metrics.
  virtual ServiceStatus status(Instant now) const = 0;
};

// warmgate's own policy. The first step should follow at once, so that probes and timers begin:
// a fresh Dispatcher acts on its first event, TimerFired included.
std::unique_ptr<Dispatcher> make_warmgate_dispatcher(const ServiceSettings& settings,
                                                     uint64_t seed);

}  // namespace warmgate::policy
