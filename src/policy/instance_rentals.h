#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/gap_histogram.h"
#include "policy/wake_trials.h"
#include "stats/ewma.h"

namespace warmgate::policy {

// InstanceRentals says when an idle instance whose idle time is paid should be let go.
//
// Model.    Instance k is needed while more requests are in flight than k - 1 instances take. So
//           each k has gaps of its own, and is kept or let go by itself (idle_rental.h), the last
//           one first; those of a doubling (1, 2, 3-4, 5-8 ...) learn together. To start it again
//           costs the time of a start, and `late_price` for each request that called for it within
//           such a time whenever it was needed anew: that many would have been late.
// Units.    Prices and times in time of one instance.
// Bounds.   O(1) for a change by one request; memory for as many instances as were needed at once.
// Source.   One ski rental for each server, last in, first out: Lu, Chen, Andrew, "Simple and
//           effective dynamic provisioning for power-proportional data centers", IEEE TPDS 2013.
class InstanceRentals {
 public:
  // `per_instance` >= 1 requests at a time; `start`: how long a start takes.
  struct Terms {
    uint32_t per_instance = 1;
    Duration start{};
    Duration idle_unwanted{};  // what an instance idles that nobody came to
    Duration late_price{};
    double trust = 1;
  };

  // So many requests are at the pool, or would be. Instances 1 to `foreseen` would be there by now
  // if they had been let go: nobody would have been late for want of them.
  void demand(Instant now, uint32_t requests, const Terms& terms, uint32_t foreseen = 0);
  // So many instances are there. What is new is paid from now on.
  void there(Instant now, uint32_t instances);

  uint32_t needed() const { return needed_; }
  static uint32_t needed(uint32_t requests, const Terms& terms) {
    return (requests + terms.per_instance - 1) / terms.per_instance;
  }
  // When the last of `instances` is to go; kNever while it is needed.
  Instant release_at(uint32_t instances, const Terms& terms);

  // Instances 1 to `wanted` are called for, `there` of them are there or coming: how many are worth
  // a wake, those included.
  uint32_t worth_waking(Instant now, uint32_t wanted, uint32_t there, const Terms& terms);

  // What it costs, all in all, to start instance `k` (from 1) when it is needed again.
  Duration price(uint32_t k, const Terms& terms) const;

  bool sound() const { return needed_ <= levels_.size(); }  // for members read from a file

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(levels_, groups_, trials_, demand_, needed_, there_);
  }

 private:
  struct Level {
    bool needed = false;
    bool was_needed = false;
    Instant idle_since{};
    Instant there_since{};
    Instant called_anew{};  // the first call after a gap as long as a start
    uint32_t calls = 0;     // from then on, within a start
    bool foreseen = false;  // that need
    Duration keep{};        // of this gap
    bool keep_known = false;
  };
  struct Group {
    GapHistogram gaps;
    stats::Ewma calls{1.0 / 32};
  };
  static constexpr size_t kGroups = WakeTrials::kGroups;

  void begin_need(Instant now, uint32_t k, const Terms& terms, bool foreseen);
  void end_need(Instant now, uint32_t k);

  std::vector<Level> levels_;  // [k - 1]
  std::array<Group, kGroups> groups_;
  WakeTrials trials_;
  uint32_t demand_ = 0;
  uint32_t needed_ = 0;
  uint32_t there_ = 0;
};

}  // namespace warmgate::policy
