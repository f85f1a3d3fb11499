#pragma once

#include <cmath>

#include "base/time.h"

namespace warmgate::stats {

// DecayedRate estimates events per second from their instants, over a window that forgets smoothly.
//
// Model.    A count that decays by exp(-dt / window); the rate is count / window. No event is
//           missed between two evaluations, however short it was.
// Units.    Events per second.
// Bounds.   O(1), no allocation. After a step in the true rate the estimate has covered 63 % of the
//           way in one window, 95 % in three. At rate r its standard deviation is sqrt(r/2/window).
// Source.   Exponentially weighted counting (Cormode et al. 2008, "Exponentially decayed
//           aggregates").
class DecayedRate {
 public:
  explicit DecayedRate(Duration window) : window_s_(to_seconds(window)) {}

  void add(Instant now, double events = 1) {
    count_ = decayed(now) + events;
    last_ = now;
  }
  double per_second(Instant now) const { return decayed(now) / window_s_; }

 private:
  double decayed(Instant now) const {
    if (count_ == 0 || now <= last_) return count_;
    return count_ * std::exp(-to_seconds(now - last_) / window_s_);
  }

  double window_s_;
  double count_ = 0;
  Instant last_{};
};

}  // namespace warmgate::stats
