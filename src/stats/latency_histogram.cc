#include "stats/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace warmgate::stats {

size_t LatencyHistogram::bucket_of(uint64_t micros) {
  if (micros < kSubBuckets) return static_cast<size_t>(micros);
  const uint32_t octave = static_cast<uint32_t>(std::bit_width(micros)) - kSubBucketBits;
  const uint64_t within = (micros >> (octave - 1)) - kSubBuckets;
  return size_t{octave} * kSubBuckets + static_cast<size_t>(within);
}

Duration LatencyHistogram::lower_bound(size_t bucket) {
  const uint64_t octave = bucket / kSubBuckets;
  const uint64_t within = bucket % kSubBuckets;
  if (octave == 0) return std::chrono::microseconds(within);
  return std::chrono::microseconds((within + kSubBuckets) << (octave - 1));
}

void LatencyHistogram::record(Duration value, uint64_t times) {
  if (times == 0) return;
  value = std::clamp(value, Duration{}, kLongest);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
  buckets_[bucket_of(static_cast<uint64_t>(micros))] += times;
  count_ += times;
  sum_ += value * static_cast<int64_t>(times);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Duration LatencyHistogram::mean() const {
  return count_ == 0 ? Duration{} : sum_ / static_cast<int64_t>(count_);
}

Duration LatencyHistogram::quantile(double q) const {
  if (count_ == 0) return Duration{};
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(wanted));
  if (rank >= count_) return max_;
  uint64_t passed = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    passed += buckets_[i];
    if (passed < rank) continue;
    const Duration middle = (lower_bound(i) + lower_bound(i + 1)) / 2;
    return std::clamp(middle, min_, max_);
  }
  return max_;
}

uint64_t LatencyHistogram::count_up_to(Duration limit) const {
  if (limit >= max_) return count_;
  uint64_t passed = 0;
  for (size_t i = 0; i < kBuckets && lower_bound(i + 1) <= limit; ++i) passed += buckets_[i];
  return passed;
}

}  // namespace warmgate::stats
