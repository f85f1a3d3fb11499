#pragma once

#include <algorithm>

namespace warmgate::policy {

// PredictionMargin says how much of a pool's high quantile a prediction has to leave, so that the
// share of predictions that turn out wrong stays near a target: what the owner lets be late.
//
// Model.    Stochastic approximation of a quantile: a miss raises the margin by kStep, a hit lowers
//           it by kStep * target / (1 - target). In balance a share `target` of those who waited
//           misses.
// Units.    A factor on the 95th percentile of the service time.
// Bounds.   kLeast <= value <= kMost; O(1).
// Source.   Robbins, Monro 1951; the step of a pinball loss (Koenker, Bassett 1978).
class PredictionMargin {
 public:
  static constexpr double kStep = 0.05;
  static constexpr double kFirst = 1.0;
  static constexpr double kLeast = 0.8;
  static constexpr double kMost = 2.0;

  // `target` in (0, 1).
  void outcome(bool missed, double target) {
    const double change = missed ? kStep : -kStep * target / (1 - target);
    value_ = std::clamp(value_ + change, kLeast, kMost);
  }

  double value() const { return value_; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(value_);
  }

 private:
  double value_ = kFirst;
};

}  // namespace warmgate::policy
