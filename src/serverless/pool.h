// InstancePool decides everything that the platform decides: when an instance starts and ends,
// which request it gets, how long a request may wait. No I/O, no clock, no thread.
//
// Invariants (check_invariants):
//   1. An instance runs at most `concurrency` requests, and only after a good probe.
//   2. Instances that are not stopping number at most `max_instances`.
//   3. A request waits, or is assigned to one instance that lists it, or was left by an instance
//      that died (its connection then tells how it ended).
//   4. No request waits while a ready instance has room.
//   5. A stopped (throttled) instance is ready and has no request.
// Determinism. The same settings, seed and events give the same actions, bit for bit.
// Cost.        A step is O(instances), plus O(log requests) for each request it touches.
// Time.        `now` never decreases from one step to the next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/time.h"
#include "serverless/autoscaler.h"
#include "serverless/events.h"
#include "serverless/meter.h"
#include "serverless/settings.h"
#include "serverless/start_times.h"

namespace warmgate::serverless {

enum class InstanceState : uint8_t {
  delayed,   // the start delay runs, there is no process yet
  starting,  // the process runs, no probe has succeeded yet
  ready,
  suspect,   // it lost or refused a connection: no new request until a probe succeeds
  stopping,  // SIGTERM or SIGKILL was sent
};

struct InstanceView {
  InstanceId id;
  std::string_view state;  // delayed, starting, serving, idle, suspect, stopping
  bool throttled = false;
  uint32_t in_flight = 0;
  uint64_t served = 0;
  Duration age{};  // since it was ordered
};

struct Counters {
  uint64_t requests = 0, served = 0, client_gone = 0;
  uint64_t lost = 0;  // an instance broke while it served them
  uint64_t rejected_413 = 0, rejected_429 = 0, rejected_502 = 0, rejected_503 = 0;
  uint64_t timed_out_504 = 0;
  uint64_t starts = 0, start_failures = 0, crashes = 0, releases = 0, stops = 0;
};

class InstancePool {
 public:
  // The first step should follow at once: TimerFired starts the min-instances.
  InstancePool(const PoolSettings& settings, const MeterSettings& meter, uint64_t seed);

  // Takes one event and appends what must be done now. `out` is not cleared.
  void step(Instant now, const Event& event, Actions& out);

  void check_invariants() const;  // aborts through WG_ASSERT

  bool empty() const { return instances_.empty(); }  // after a shutdown: all instances are gone
  uint32_t waiting() const { return static_cast<uint32_t>(waiting_.size()); }
  Duration wait_limit() const;
  Duration mean_start() const { return start_times_.mean(); }
  const Counters& counters() const { return counters_; }
  Bill bill(Instant now) const { return meter_.bill(now); }
  std::vector<InstanceView> instances(Instant now) const;

 private:
  struct Instance {
    InstanceState state = InstanceState::delayed;
    Instant ordered{};
    // When the state must end or be acted on; kNever where nothing is due.
    //   delayed: spawn; starting, suspect: kill; ready: end of an idle life; stopping: kill.
    Instant due = kNever;
    Instant next_probe = kNever;
    bool running = false;    // it has a process
    bool throttled = false;  // SIGSTOP was sent
    std::set<RequestId> requests;
    uint64_t served = 0;
  };
  struct Request {
    Instant arrived{};
    InstanceId instance;      // none: waits, or was left by an instance that died
    uint32_t refused_by = 0;  // instances that did not accept its connection
  };
  struct Step {
    Instant now;
    Actions& out;
  };
  using Instances = std::map<InstanceId, Instance>;
  using Requests = std::map<RequestId, Request>;

  void on(const RequestArrived& event, Step& step);
  void on(const RequestFinished& event, Step& step);
  void on(const ClientGone& event, Step& step);
  void on(const RequestOversized& event, Step& step);
  void on(const ProcessStarted& event, Step& step);
  void on(const ProbeFinished& event, Step& step);
  void on(const ProcessExited& event, Step& step);
  void on(const TimerFired&, Step&) { timer_ = kNever; }
  void on(const ShutdownStarted& event, Step& step);

  // Requests (pool.cc)
  void expire_requests(Step& step);
  void assign_waiting(Step& step);
  Instances::iterator choose();
  void refuse(RequestId id, Refusal refusal, Step& step);
  void refuse_all_waiting(Refusal refusal, Step& step);
  void forget(Requests::iterator request);
  void put_back(Requests::iterator request, Step& step);

  // Instances (pool_instances.cc)
  void run_due(Step& step);
  void settle_idle(Step& step);
  void suspect(Instances::iterator it, Step& step);
  void stop(Instances::iterator it, SignalKind kind, Step& step);
  void remove(Instances::iterator it, Step& step);
  uint32_t count_live() const;  // not stopping
  void set_timer(Step& step);
  Instant next_due(Instant now) const;

  // Their number (pool_scaling.cc)
  void scale_out(Step& step);
  uint32_t missing(Instant now);
  void order_instance(Step& step);
  void start_failed(Step& step);
  void pause_starts(Step& step);

  const PoolSettings settings_;
  Prng prng_;
  Meter meter_;
  Autoscaler autoscaler_;
  StartTimes start_times_;
  Counters counters_;
  Instances instances_;
  Requests requests_;
  std::set<RequestId> waiting_;  // oldest first
  uint64_t last_instance_ = 0;
  uint32_t replacements_ = 0;  // for instances that crashed at work
  Instant start_after_{};      // pause after failed starts
  Instant next_scale_ = kNever;
  Instant timer_ = kNever;
  bool shutting_down_ = false;
};

}  // namespace warmgate::serverless
