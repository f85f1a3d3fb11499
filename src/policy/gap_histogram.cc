#include "policy/gap_histogram.h"

#include <algorithm>
#include <cmath>

namespace warmgate::policy {
namespace {

constexpr double kGrowth = GapHistogram::kMemory / (GapHistogram::kMemory - 1);
constexpr double kRescaleAt = 1e12;

size_t bin_of(Duration gap) {
  const double ratio = to_seconds(gap) / to_seconds(GapHistogram::kShortest);
  if (ratio <= 1) return 0;
  const double bin = std::log2(ratio) * GapHistogram::kPerOctave;
  return std::min(static_cast<size_t>(bin), GapHistogram::kBins - 1);
}

}  // namespace

void GapHistogram::add(Duration gap) {
  newest_ *= kGrowth;
  weights_[bin_of(gap)] += newest_;
  sum_ += newest_;
  if (newest_ < kRescaleAt) return;
  for (double& weight : weights_) weight /= newest_;
  sum_ /= newest_;
  newest_ = 1;
}

double GapHistogram::middle_s(size_t i) {
  static const std::array<double, kBins> kMiddles = [] {
    std::array<double, kBins> middles{};
    for (size_t bin = 0; bin < kBins; ++bin) {
      const double octaves = (static_cast<double>(bin) + 0.5) / kPerOctave;
      middles[bin] = to_seconds(kShortest) * std::exp2(octaves);
    }
    return middles;
  }();
  return kMiddles[i];
}

}  // namespace warmgate::policy
