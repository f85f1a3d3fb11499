// FloodGuard: tells a peer that keeps us busy for nothing from one that has work done. It counts by
// leaky buckets what costs us more than the peer; a bucket that runs over ends the connection
// (GOAWAY, ENHANCE_YOUR_CALM).
//
// Model.   A bucket holds `most`, and loses `per_second`. Work that is done takes idle frames out
//          again: a peer that takes a large response sends many WINDOW_UPDATEs, and rightly so.
// Thread.  Not thread-safe. No clock of its own.
#pragma once

#include <algorithm>

#include "base/time.h"
#include "transport/h2_limits.h"

namespace warmgate::transport {

class LeakyBucket {
 public:
  LeakyBucket(double most, double per_second) : most_(most), per_second_(per_second) {}

  // False: it runs over.
  bool pour(double amount, Instant now) {
    leak(now);
    level_ += amount;
    return level_ <= most_;
  }
  void take(double amount) { level_ = std::max(0.0, level_ - amount); }
  double level() const { return level_; }

 private:
  void leak(Instant now) {
    if (last_ != kNever) take(per_second_ * to_seconds(now - last_));
    last_ = now;
  }

  double most_;
  double per_second_;
  double level_ = 0;
  Instant last_ = kNever;
};

class H2FloodGuard {
 public:
  static constexpr double kFramesForWork = 10;  // idle frames that one of work allows for

  explicit H2FloodGuard(const H2FloodLimits& limits)
      : resets_(limits.resets, limits.resets_per_second),
        idle_frames_(limits.idle_frames, limits.idle_frames_per_second) {}

  // False from either: enough.
  bool on_reset(Instant now) { return resets_.pour(1, now); }
  bool on_idle_frame(Instant now) { return idle_frames_.pour(1, now); }
  // A request, or a frame with a part of a body, in either direction.
  void on_work() { idle_frames_.take(kFramesForWork); }

 private:
  LeakyBucket resets_;
  LeakyBucket idle_frames_;
};

}  // namespace warmgate::transport
