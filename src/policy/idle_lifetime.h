#pragma once

#include <algorithm>

#include "base/time.h"

namespace warmgate::policy {

// IdleLifetime learns how long an idle serverless instance lives before the platform ends it.
//
// Model.    After an idle gap the pool is found either alive or gone. The estimate is the shortest
//           gap that ended in a cold start; a longer gap that is survived moves it up again, by at
//           least a tenth, so that one early shut-down does not count for ever. With nothing
//           learned: the ceiling of the platform's documentation.
// Units.    Durations of idleness, from the last answer.
// Bounds.   O(1); kShortest <= estimate <= max(kShortest, ceiling).
class IdleLifetime {
 public:
  static constexpr Duration kShortest = 1s;

  explicit IdleLifetime(Duration ceiling) : ceiling_(ceiling) {}
  void set_ceiling(Duration ceiling) { ceiling_ = ceiling; }

  void survived(Duration gap) {
    proven_ = std::max(proven_, gap);
    if (fatal_ < ceiling_ && gap >= fatal_) fatal_ = std::max(gap, fatal_ + fatal_ / 10);
  }
  void ended_within(Duration gap) {
    fatal_ = std::max(kShortest, std::min(fatal_, gap));
    proven_ = std::min(proven_, gap / 2);
  }

  // An idle gap of this length is not worth a question: one was survived, and it is far from the
  // estimate.
  Duration harmless() const { return std::min(proven_, estimate() / 10); }

  // Idle for longer than this: expect the pool to be cold.
  Duration estimate() const { return std::max(kShortest, std::min(ceiling_, fatal_)); }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(ceiling_, fatal_, proven_);
  }

 private:
  Duration ceiling_;
  Duration fatal_ = Duration::max();
  Duration proven_{};  // the longest that was survived since the last shut-down
};

}  // namespace warmgate::policy
