// StartTimes: how long starts took, and how long to pause after starts that failed.
//
// Pause.   Ours: after n failures in a row, 100 ms x 2^(n-1), at most 10 s, so that a command which
//          always fails does not keep the machine busy.
// Thread.  Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace warmgate::serverless {

class StartTimes {
 public:
  void succeeded(Duration took) {
    ++count_;
    total_ += took;
    failures_ = 0;
  }
  void failed() { ++failures_; }

  // Zero before the first success.
  Duration mean() const { return count_ == 0 ? 0ns : total_ / static_cast<int64_t>(count_); }

  Duration pause() const {
    if (failures_ == 0) return 0ns;
    return std::min<Duration>(100ms * (1 << std::min(failures_ - 1, 10u)), 10s);
  }

 private:
  uint64_t count_ = 0;
  Duration total_{};
  uint32_t failures_ = 0;  // in a row
};

}  // namespace warmgate::serverless
