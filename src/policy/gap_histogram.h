#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// GapHistogram learns how long something stays idle before it is wanted again, and forgets.
//
// Model.    Bins whose width grows with the gap, kPerOctave to each doubling. A new gap weighs more
//           than the one before it, so that the last kMemory of them have 63 % of the say.
// Units.    Gaps from kShortest to kLongest; shorter and longer ones count as those.
// Bounds.   Fixed size, no allocation. add() is O(1), but for a rescaling every few thousand gaps;
//           the walk over the bins is O(kBins).
// Source.   Histograms of idle times: Shahrad et al., "Serverless in the Wild", ATC 2020; bins of
//           equal ratio instead of a minute each, since starts of 0.1 s ask for gaps of seconds.
class GapHistogram {
 public:
  static constexpr size_t kPerOctave = 4;
  static constexpr size_t kOctaves = 20;
  static constexpr size_t kBins = kPerOctave * kOctaves;
  static constexpr Duration kShortest = Duration(1s) / 16;
  static constexpr Duration kLongest = kShortest * (int64_t{1} << kOctaves);  // 18 hours
  static constexpr double kMemory = 256;                                      // gaps
  static constexpr double kHalfBin = 1.0905077326652577;  // from a bin's middle to its end: 2^(1/8)

  void add(Duration gap);

  // Not forgotten yet, in gaps; at most kMemory.
  double weight() const { return sum_ / newest_; }
  // Of bin `i`: the share of all gaps, and the gap that stands for it. Only where weight() > 0.
  double share(size_t i) const { return weights_[i] / sum_; }
  static double middle_s(size_t i);

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(weights_, sum_, newest_);
  }

 private:
  std::array<double, kBins> weights_{};
  double sum_ = 0;
  double newest_ = 1;  // what the gap added last weighed
};

}  // namespace warmgate::policy
