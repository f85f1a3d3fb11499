#pragma once

#include <deque>
#include <vector>

#include "base/prng.h"
#include "billing/billed_time.h"
#include "sim/bill.h"
#include "sim/figures.h"
#include "sim/scale_window.h"
#include "sim/worker.h"

namespace warmgate::sim {

// Platform is the serverless pool: instances that start when requests ask for them, work on many at
// a time, idle, end, and are billed.
//
// Model.    See ServerlessModel; each rule stands where it is carried out. A request (or probe)
//           that finds an instance with room is placed at once; else it waits in the platform's
//           queue, first come first served, and starts one more instance if those that wait exceed
//           what the starting ones will take.
// Bounds.   max_instances, max_waiting; O(instances) per placement.
// Thread.   Not thread-safe.
class Platform {
 public:
  Platform(Shared& shared, uint64_t seed);

  // Work. `arrive`: true when the job is refused with 429 at once.
  bool arrive(Slot slot);
  Done take_done(uint32_t instance, Slot& slot);
  bool is_due(uint32_t instance, Instant at);
  void watch(uint32_t instance);
  void leave(Slot slot);    // cancelled, or the gateway gave it up
  void give_up(Slot slot);  // it waited for too long: status 429

  // Events.
  void instance_ready(uint32_t instance, uint32_t check);
  void instance_idle(uint32_t instance, Instant at);
  void scale_tick();
  void crash_one(std::vector<Slot>& lost);  // appends the jobs that are lost
  void slow_down(double factor) { slowness_ *= factor; }

  bool starting_since(Instant from) const {  // was an instance starting at any time since?
    return starting_ > 0 || last_starting_ >= from;
  }
  uint32_t live() const { return static_cast<uint32_t>(live_.size()); }
  uint32_t in_use() const { return working_ + static_cast<uint32_t>(waiting_.size()); }

  // Of everything so far, instances billed as if they ended now; what came of their starts is
  // known when they have ended, or when all is over.
  struct Account {
    ServerlessUsage usage;
    Wakes wakes;  // all but their total, which the platform does not know
    uint64_t starts = 0;
    uint64_t hidden = 0;

    Account since(const Account& earlier) const;
  };
  Account account(bool all_is_over);
  void forget_starts();  // what comes of those so far is not counted

 private:
  enum class State : uint8_t { free, starting, ready };

  struct Instance {
    explicit Instance(const Processor& processor) : worker(processor) {}
    State state = State::free;
    uint32_t check = 0;
    uint64_t key = 0;
    Instant container_began{};
    Instant ready{};
    uint32_t in_use = 0;
    uint64_t served = 0;
    uint64_t placed_last = 0;       // number of the placement
    Instant ends = kNever;          // if it idles until then
    Instant idle_watched = kNever;  // the earliest instance_idle that is queued
    bool by_wake = false;
    bool used = false;     // by a request
    bool seen = false;     // a request waited for its start
    bool leaving = false;  // it was asked to end, and does when nothing is left to do
    bool counted = false;  // among the starts: it was not there from the beginning
    billing::BilledTime active, life;
    Worker worker;
  };

  Processor processor() const;
  uint32_t order(bool by_wake, Instant ready);
  void scale_out(bool by_wake, uint32_t wanted);
  void begin_ticks();
  uint32_t choose() const;
  bool place_waiting_one();
  void place(uint32_t instance, Slot slot);
  void free_slot(uint32_t instance);
  void idle(uint32_t instance);
  void end(uint32_t instance);
  static void count_end(const Instance& instance, double usd, Account& account);
  double usd_of(const Instance& instance) const;
  void set_active(Instance& instance, bool active);
  void add_demand();
  void add_kept_idle();
  Duration billed(const Instance& instance) const;

  Shared& shared_;
  const ServerlessModel& model_;
  Duration wait_limit_;
  Prng starts_;
  Prng lives_;
  Prng lots_;
  std::vector<Instance> instances_;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> live_;  // in the order of their start
  std::deque<Slot> waiting_;
  uint32_t starting_ = 0;
  uint32_t active_ = 0;   // starting, or with requests
  uint32_t working_ = 0;  // jobs on instances
  Instant last_starting_ = Instant::min();
  uint64_t last_key_ = 0;
  uint32_t last_check_ = 0;
  uint64_t placements_ = 0;
  double slowness_ = 1;

  // Scaling.
  bool ticking_ = false;
  ScaleWindow window_requests_;
  ScaleWindow window_vcpus_;
  double request_seconds_ = 0;
  Instant demand_at_{};
  double ended_vcpu_s_ = 0;

  // Bill.
  Duration ended_active_{};
  Duration ended_life_{};
  double kept_idle_s_ = 0;
  Instant kept_idle_at_{};
  Account ended_;  // without the time of instances
};

}  // namespace warmgate::sim
