#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace warmgate::sim {

// Processor works on jobs that share its vCPUs: a backend's machine or an instance.
//
// Model.    A job uses one vCPU at most. With n jobs at work and c vCPUs each progresses at
//           min(1, c / n), so the order in which jobs will end is known when they begin: it is the
//           order of "progress of all so far + own work" (virtual time). A shared-core machine has
//           a bucket of credits: what is used above the sustained share is taken from it, what is
//           left unused below the share is put back; an empty bucket leaves the sustained share.
// Units.    Work in nanoseconds of one vCPU at full speed.
// Bounds.   O(log n) per job begun and ended, O(n) per job removed. Times are exact to a nanosecond
//           while jobs are no more than vCPUs; else rounding is under a nanosecond per change.
// Source.   Processor sharing (Kleinrock 1967), virtual time (Parekh, Gallager 1993); token bucket.
class Processor {
 public:
  // Infinite vCPUs: no job slows another.
  static Processor exclusive();
  static Processor shared(double vcpus);
  // The bucket begins full and lasts `full_burst` with all vCPUs at work.
  static Processor shared_core(double vcpus, double sustained, Duration full_burst);

  void add(Instant now, uint32_t job, double work);
  void remove(Instant now, uint32_t job);  // must be at work

  // The first job whose work is done by now, if any.
  bool take_done(Instant now, uint32_t& job);

  // When to look again, if nothing is added or removed before: it may be too early, never too late.
  Instant next() const;

  uint32_t running() const { return static_cast<uint32_t>(jobs_.size()); }
  double used_vcpu_s(Instant now);  // work done since the beginning
  double credits_s(Instant now);    // vCPU-seconds in the bucket; 0 for machines without one

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Job& job : jobs_) visit(job.slot);
  }
  void clear(Instant now);  // all work is lost

 private:
  struct Job {
    double due;  // in virtual time
    uint32_t slot;
    uint64_t order;
  };

  Processor(double vcpus, double sustained, double most_credits)
      : vcpus_(vcpus), sustained_(sustained), most_credits_(most_credits), credits_(most_credits) {}

  // Inline, as they are asked several times for each request.
  void advance(Instant now) {
    if (now == at_) return;
    WG_ASSERT(now > at_, "time never goes back");
    const double passed = static_cast<double>((now - at_).count());
    at_ = now;
    progress_ += rate_ * passed;
    used_ += use_ * passed;
    if (most_credits_ > 0) settle_credits(passed);
  }
  void set_rate() {
    const double jobs = static_cast<double>(jobs_.size());
    const double capacity = most_credits_ == 0 || credits_ > 0 ? vcpus_ : sustained_;
    use_ = std::min(jobs, capacity);
    rate_ = jobs <= capacity ? 1 : capacity / jobs;
  }
  void settle_credits(double passed);
  static bool later(const Job& a, const Job& b) {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }

  double vcpus_;
  double sustained_;
  double most_credits_;  // vCPU-nanoseconds; 0: no bucket
  double credits_;
  std::vector<Job> jobs_;  // heap, the first to end in front
  uint64_t order_ = 0;
  double progress_ = 0;  // virtual time: work done on each job that was there all along
  double rate_ = 1;      // of progress
  double use_ = 0;       // vCPUs at work
  double used_ = 0;      // vCPU-nanoseconds
  Instant at_{};
};

}  // namespace warmgate::sim
