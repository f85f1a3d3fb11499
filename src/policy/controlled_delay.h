#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// ControlledDelay tells a queue that stands from one that a burst has filled for a moment.
//
// Model.    Over each interval the least wait of those who left the queue is kept; who finds the
//           queue empty has waited for nothing. If even the least was above the target, the queue
//           stands: more arrives than is served, and so it will go on. That holds for the interval
//           that follows. Each time that it stands again soon after, it is seen sooner and held for
//           longer, by the square root of how often, so that it does not swing between the two.
// Units.    Waits in the gateway, from the arrival.
// Bounds.   O(1), no allocation; kMostTimes. An interval in which nobody left counts as standing.
// Source.   Controlled delay (Nichols, Jacobson 2012; RFC 8289), in the form for servers: the least
//           delay of an interval, looked at when it is over (folly::Codel; Maurer, "Fail at Scale",
//           2015). Ours: interval and target follow from the service's deadlines.
class ControlledDelay {
 public:
  static constexpr uint32_t kMostTimes = 16;
  static constexpr int kSoon = 16;  // intervals

  struct Terms {
    Duration interval{};
    Duration target{};
  };

  // Somebody begins to wait in an empty queue.
  void began(Instant now, const Terms& terms) {
    least_ = Duration{};
    settle(now, terms);
    least_ = Duration{};
  }
  // Somebody leaves the queue to be served.
  void left(Instant now, Duration waited, const Terms& terms) {
    settle(now, terms);
    least_ = std::min(least_, waited);
  }
  bool stands(Instant now, const Terms& terms) {
    settle(now, terms);
    return standing_;
  }
  bool stood() const { return standing_; }  // when it was last looked at

  bool sound() const { return times_ <= kMostTimes; }  // for members that were read from a file
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(ends_, least_, ended_, times_, standing_);
  }

 private:
  void settle(Instant now, const Terms& terms) {
    if (now < ends_) return;
    const bool stood = standing_;
    standing_ = least_ > terms.target;
    if (standing_ && !stood) {
      times_ = now - ended_ < kSoon * terms.interval ? std::min(times_ + 1, kMostTimes) : 1;
    }
    if (stood && !standing_) ended_ = now;
    const double factor = std::sqrt(std::max(times_, 1u));
    const double interval_s = to_seconds(terms.interval);
    ends_ = now + from_seconds(standing_ ? interval_s * factor : interval_s / factor);
    least_ = Duration::max();
  }

  Instant ends_{};
  Duration least_{};
  Instant ended_{};     // when it last stood no more
  uint32_t times_ = 0;  // that it stood, each soon after the one before
  bool standing_ = false;
};

}  // namespace warmgate::policy
