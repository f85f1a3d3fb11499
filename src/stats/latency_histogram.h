#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/time.h"

namespace warmgate::stats {

// LatencyHistogram counts durations in buckets whose width grows with the value, so that quantiles
// from a microsecond to more than an hour have the same relative error.
//
// Model.    Log-linear: every power of two of microseconds is cut into 32 equal buckets; values
//           under 32 us have a bucket each.
// Units.    Durations in, durations out; a bucket is counted in whole microseconds.
// Bounds.   Fixed size (about 7 KiB), no allocation. A quantile is at most 1/64 (1.6 %) off the
//           exact one, or 1 us where that is more. Values above kLongest count as kLongest;
//           negative ones as 0.
// Source.   HdrHistogram (Tene).
// Thread.   Not thread-safe; merge() joins histograms of several threads.
class LatencyHistogram {
 public:
  static constexpr uint32_t kSubBucketBits = 5;
  static constexpr uint32_t kSubBuckets = 1u << kSubBucketBits;
  static constexpr uint32_t kOctaves = 28;
  static constexpr size_t kBuckets = size_t{kSubBuckets} * kOctaves;
  static constexpr Duration kLongest = std::chrono::microseconds((1ull << 32) - 1);  // 71 minutes

  void record(Duration value, uint64_t times = 1);
  void merge(const LatencyHistogram& other);
  void clear() { *this = LatencyHistogram(); }

  uint64_t count() const { return count_; }
  Duration sum() const { return sum_; }
  Duration mean() const;
  Duration min() const { return count_ == 0 ? Duration{} : min_; }  // exact
  Duration max() const { return max_; }                             // exact

  // The value that a share `q` in [0, 1] of all values does not exceed; zero when empty.
  Duration quantile(double q) const;

  // How many values are at most `limit`, to the resolution of a bucket.
  uint64_t count_up_to(Duration limit) const;

  // For exposition: bucket i holds values in [lower_bound(i), lower_bound(i + 1)).
  std::span<const uint64_t> buckets() const { return buckets_; }
  static Duration lower_bound(size_t bucket);

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(buckets_, count_, sum_, min_, max_);
  }

 private:
  static size_t bucket_of(uint64_t micros);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  Duration sum_{};
  Duration min_ = Duration::max();
  Duration max_{};
};

}  // namespace warmgate::stats
