#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace warmgate::sim {

// ScaleWindow is the platform's memory of demand: the mean of what was in use over the last window.
//
// Model.   At every tick, a sixtieth of the window, the running integral is put down; the mean is
//          its growth over sixty ticks. Ticks that were left out had no demand.
// Bounds.  61 numbers, O(1) per tick; after a silence at most 61 steps.
class ScaleWindow {
 public:
  explicit ScaleWindow(Duration window) : tick_(window / kTicks) {}

  Duration tick() const { return tick_; }

  // `integral` is the demand x seconds since the beginning; called at whole ticks.
  double mean(Instant now, double integral) {
    const int64_t number = now.time_since_epoch() / tick_;
    const int64_t first = number - last_ > kTicks ? number - kTicks : last_ + 1;
    for (int64_t i = first; i < number; ++i) at(i) = at(last_);
    at(number) = integral;
    last_ = number;
    return (integral - at(number - kTicks)) / (to_seconds(tick_) * kTicks);
  }

 private:
  static constexpr int64_t kTicks = 60;

  double& at(int64_t number) {
    return integrals_[static_cast<size_t>(number % static_cast<int64_t>(integrals_.size()))];
  }

  Duration tick_;
  std::array<double, kTicks + 1> integrals_{};
  int64_t last_ = 0;
};

}  // namespace warmgate::sim
