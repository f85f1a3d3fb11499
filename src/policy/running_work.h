#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// RunningWork predicts how much of what runs in a pool is still to be done.
//
// Model.    Each of n requests is expected to take the mean service time; what has passed since it
//           began is done. Together they have at least kLeast of n means left: a request that has
//           run for longer than the mean ends soon, but not at once.
// Units.    Seconds of one slot.
// Bounds.   O(1), whatever runs; no error builds up.
class RunningWork {
 public:
  static constexpr double kLeast = 0.3;

  void began(Instant at) {
    ++running_;
    began_us_ += micros(at);
  }
  void ended(Instant began_at) {
    --running_;
    began_us_ -= micros(began_at);
  }

  double left_s(Instant now, double mean_s) const {
    const double done_s = static_cast<double>(running_ * micros(now) - began_us_) * 1e-6;
    const double all_s = static_cast<double>(running_) * mean_s;
    return std::max(all_s - done_s, kLeast * all_s);
  }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(running_, began_us_);
  }

 private:
  static int64_t micros(Instant at) {
    return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  }

  int64_t running_ = 0;
  int64_t began_us_ = 0;  // sum over what runs
};

}  // namespace warmgate::policy
