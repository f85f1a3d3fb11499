#pragma once

#include <cmath>

#include "base/time.h"

namespace warmgate::stats {

// DecayedRate estimates events per second from their instants, over a window that forgets smoothly.
//
// Model.    A count that decays by exp(-dt / window), in whole ticks of 1/64 of the window, so that
//           most calls need no exp(); the rate is count / window. No event is missed between two
//           evaluations, however short it was.
// Units.    Events per second.
// Bounds.   O(1), no allocation. After a step in the true rate the estimate has covered 63 % of the
//           way in one window, 95 % in three. At rate r its standard deviation is sqrt(r/2/window).
//           The ticks make an event up to 1/64 of a window younger than it is: 1.6 % too much.
// Source.   Exponentially weighted counting (Cormode et al. 2008, "Exponentially decayed
//           aggregates").
class DecayedRate {
 public:
  explicit DecayedRate(Duration window) : window_s_(to_seconds(window)), tick_(window / kTicks) {}

  void add(Instant now, double events = 1) {
    if (const int64_t ticks = ticks_since(now); ticks > 0) {
      count_ *= kept_after(ticks);
      tick_began_ = count_ == 0 ? now : tick_began_ + ticks * tick_;
    }
    count_ += events;
  }
  double per_second(Instant now) const {
    if (count_ == 0) return 0;
    const int64_t ticks = ticks_since(now);
    return (ticks > 0 ? count_ * kept_after(ticks) : count_) / window_s_;
  }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(window_s_, tick_, count_, tick_began_);
  }

 private:
  static constexpr int64_t kTicks = 64;  // of a window

  int64_t ticks_since(Instant now) const { return (now - tick_began_) / tick_; }
  static double kept_after(int64_t ticks) {
    return std::exp(-static_cast<double>(ticks) / static_cast<double>(kTicks));
  }

  double window_s_;
  Duration tick_;
  double count_ = 0;
  Instant tick_began_{};  // the decay up to here is done
};

}  // namespace warmgate::stats
