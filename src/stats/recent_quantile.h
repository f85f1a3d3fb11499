#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace warmgate::stats {

// RecentQuantile answers quantiles over the last `capacity` samples.
//
// Model.    A ring of samples and the same samples sorted. A new sample takes the place of the
//           oldest in both: two binary searches, and a move of what lies between.
// Bounds.   2 * capacity * 8 bytes, allocated once. Recording is O(capacity) moves of 8 bytes in
//           one block (some ten nanoseconds for 512), asking is O(1).
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

  // Members that were read from a file: do they belong together?
  bool sound() const;
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(capacity_, next_, samples_, ring_, sorted_);
  }

 private:
  size_t capacity_;
  size_t next_ = 0;
  uint64_t samples_ = 0;
  std::vector<Duration> ring_;
  std::vector<Duration> sorted_;
};

}  // namespace warmgate::stats
