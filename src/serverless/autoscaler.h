// Autoscaler tells how many instances the recent demand deserves.
//
// Model.   Demand is the number of requests running or waiting. Its time-weighted mean over the
//          window, divided by target x concurrency, rounded up, is the number of instances wanted.
//          The time before the first observation counts as demand zero.
// Bounds.  61 buckets; a step costs at most one pass over them.
// Source.  Cloud Run documentation, read 2026-08 to 2026-10: "60 % of maximum concurrency over a
//          1-minute window".
// Thread.  Not thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace warmgate::serverless {

class Autoscaler {
 public:
  Autoscaler(uint32_t concurrency, double target_utilisation, Duration window);

  // `demand` holds from now on. Time never goes back.
  void observe(Instant now, uint32_t demand);

  double mean_demand(Instant now);
  uint32_t wanted(Instant now);

  // When `wanted` is worth another look while the demand stays as it is.
  Duration tick() const { return bucket_; }

 private:
  static constexpr size_t kWindowBuckets = 60;

  void advance(Instant now);

  const double per_instance_;  // requests that one instance should carry
  const Duration bucket_;
  // Request-nanoseconds by bucket: the current one, and the window's worth before it.
  std::array<double, kWindowBuckets + 1> sums_{};
  int64_t current_ = 0;  // number of the current bucket since the clock's epoch
  Instant last_{};
  bool begun_ = false;
  uint32_t demand_ = 0;
};

}  // namespace warmgate::serverless
