#pragma once

#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "policy/events.h"
#include "policy/recent_most.h"

namespace warmgate::policy {

// KeptInstances says how many instances pings keep warm where an idle one costs nothing, and knows
// the pings in flight.
//
// Model.    Ski rental: an instance is pinged for as long as that costs less than its next start,
//           its `worth`, since it was last needed. So many are kept as were needed at once within
//           such a time; a need is forgotten between one and two of them later. One is kept in any
//           case: its owner asked for it.
//           A ping is answered by whichever instance is free. To reach several they go together, as
//           a volley; the next one waits until all of it are answered.
// Bounds.   1 <= instances <= kMost; at most kMost pings in a volley; O(1).
// Source.   Break-even: Karlin et al. 1988. At most twice what perfect foresight pays for each.
class KeptInstances {
 public:
  static constexpr uint32_t kMost = 64;

  // So many are in use, or asked for.
  void needed(Instant now, uint32_t instances, Duration worth) {
    most_.told(now, instances, worth);
  }
  uint32_t instances() const { return std::clamp(most_.value(), 1u, kMost); }

  // Pings `first`, `first` + 1 ... are sent.
  void volley(Instant now, ProbeId first, uint32_t pings) {
    WG_ASSERT(in_flight_ == 0 && pings <= kMost, "one volley at a time");
    sent_ = now;
    first_ = first;
    pings_ = in_flight_ = pings;
  }
  // Something else was sent in its place.
  void asked(Instant now) { sent_ = now; }
  // false: it is no ping of ours.
  bool ended(ProbeId probe) {
    if (in_flight_ == 0 || probe.value - first_.value >= pings_) return false;
    --in_flight_;
    return true;
  }
  uint32_t in_flight() const { return in_flight_; }
  Instant sent() const { return sent_; }  // the last ones; Instant::min(): never

  bool sound() const { return in_flight_ <= pings_ && pings_ <= kMost; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(most_, sent_, first_, pings_, in_flight_);
  }

 private:
  RecentMost most_;  // that were needed
  Instant sent_ = Instant::min();
  ProbeId first_{};
  uint32_t pings_ = 0;  // of the last volley
  uint32_t in_flight_ = 0;
};

}  // namespace warmgate::policy
