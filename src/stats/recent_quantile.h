#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace warmgate::stats {

// RecentQuantile answers quantiles over the last `capacity` samples.
//
// Model.    A ring of samples and a sorted copy. The copy is renewed on the first question after
//           capacity/16 new samples (after every sample while fewer than that are held), so that
//           recording is O(1) and asking is O(1) most of the time.
// Bounds.   2 * capacity * 8 bytes, allocated once. An answer leaves out at most the last
//           capacity/16 samples.
// Source.   Exact sample quantiles (nearest rank) over a sliding window.
class RecentQuantile {
 public:
  explicit RecentQuantile(size_t capacity);

  void add(Duration sample);

  bool empty() const { return ring_.empty(); }
  size_t held() const { return ring_.size(); }
  uint64_t samples() const { return samples_; }  // ever recorded

  // q in [0, 1]; `fallback` when there is no sample.
  Duration at(double q, Duration fallback = Duration{}) const;

  // The quantile among the samples above `floor`; `fallback` when none is.
  Duration at_above(double q, Duration floor, Duration fallback) const;

 private:
  void refresh() const;

  size_t capacity_;
  size_t lag_;
  size_t next_ = 0;
  uint64_t samples_ = 0;
  std::vector<Duration> ring_;
  mutable std::vector<Duration> sorted_;
  mutable uint64_t sorted_at_ = 0;  // samples_ when sorted_ was made
};

}  // namespace warmgate::stats
