#pragma once

#include <algorithm>
#include <cmath>

#include "base/time.h"

namespace warmgate::policy {

// BurstMemory remembers what recent bursts needed, so that the next one is met with as many
// instances, and not with those that its first second asks for.
//
// Model.    The largest need, forgotten by half in every kHalfLife.
// Units.    Requests at a time, as the caller counts them; >= 0.
// Bounds.   O(1).
class BurstMemory {
 public:
  static constexpr Duration kHalfLife = 30min;

  // `now` never decreases. The need now, or what is left of the largest one.
  double learn(Instant now, double need) {
    const double passed = to_seconds(now - learned_at_) / to_seconds(kHalfLife);
    learned_at_ = now;
    largest_ = std::max(need, largest_ * std::exp2(-passed));
    return largest_;
  }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(largest_, learned_at_);
  }

 private:
  double largest_ = 0;
  Instant learned_at_{};
};

}  // namespace warmgate::policy
