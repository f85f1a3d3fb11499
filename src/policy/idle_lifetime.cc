#include "policy/idle_lifetime.h"

#include <cmath>

namespace warmgate::policy {
namespace {

constexpr double kMostBin = IdleLifetime::kBins - 1;

}  // namespace

size_t IdleLifetime::bin_of(Duration gap) {
  const double times = to_seconds(gap) / to_seconds(kShortest);
  const double bin = std::floor(kBinsPerOctave * std::log2(std::max(1.0, times)));
  return static_cast<size_t>(std::min(bin, kMostBin));
}

Duration IdleLifetime::begin_of(size_t bin) {
  return from_seconds(to_seconds(kShortest) * std::exp2(static_cast<double>(bin) / kBinsPerOctave));
}

void IdleLifetime::learn(Duration gap, bool alive) {
  Bin& bin = bins_[bin_of(gap)];
  constexpr double kKept = 1 - 1 / kMemory;
  bin.alive = kKept * bin.alive + (alive ? 1 : 0);
  bin.all = kKept * bin.all + 1;
  const Curve learned = curve();
  expected_ = surely_ = Duration::max();
  for (size_t i = learned.size; i-- > 0;) {
    const Curve::Part& part = learned.parts[i];
    const double lives = part.sum.share();
    if (lives < 0.5) expected_ = begin_of(part.first_bin);
    if (lives < kSurely) surely_ = begin_of(part.first_bin);
  }
}

IdleLifetime::Curve IdleLifetime::curve() const {
  Curve curve;
  for (size_t bin = 0; bin < kBins; ++bin) {
    if (bins_[bin].all == 0) continue;
    curve.parts[curve.size++] = {bin, bins_[bin]};
    while (curve.size > 1) {
      Curve::Part& before = curve.parts[curve.size - 2];
      const Bin& last = curve.parts[curve.size - 1].sum;
      if (before.sum.share() >= last.share()) break;
      before.sum.alive += last.alive;
      before.sum.all += last.all;
      --curve.size;
    }
  }
  return curve;
}

}  // namespace warmgate::policy
