#pragma once

#include <array>
#include <cstddef>
#include <numeric>

#include "base/time.h"

namespace warmgate::stats {

// RollingSum adds up what happened within the last window.
//
// Model.    A ring of kBins equal parts of the window; the oldest part leaves as a whole.
// Bounds.   Fixed size, no allocation; O(kBins) once in a part, else O(1). The sum is of the last
//           59/60 to 60/60 of the window.
class RollingSum {
 public:
  static constexpr size_t kBins = 60;

  explicit RollingSum(Duration window) : part_(window / kBins) {}

  // `now` never decreases.
  void add(Instant now, double amount) {
    move_on(now);
    bins_[at_] += amount;
    sum_ += amount;
  }
  double sum(Instant now) {
    move_on(now);
    return sum_;
  }

  // Every member, in the order of declaration: checkpoints rest on it.
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(part_, bins_, at_, part_began_, sum_);
  }
  bool sound() const { return part_ > Duration{} && at_ < kBins; }

 private:
  void move_on(Instant now) {
    if (now - part_began_ < part_) return;
    if (now - part_began_ >= part_ * kBins) {
      bins_.fill(0);
      part_began_ = now;
    }
    while (now - part_began_ >= part_) {
      at_ = (at_ + 1) % kBins;
      bins_[at_] = 0;
      part_began_ += part_;
    }
    sum_ = std::accumulate(bins_.begin(), bins_.end(), 0.0);
  }

  Duration part_;
  std::array<double, kBins> bins_{};
  size_t at_ = 0;
  Instant part_began_{};
  double sum_ = 0;
};

}  // namespace warmgate::stats
