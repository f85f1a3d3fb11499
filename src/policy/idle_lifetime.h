#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/time.h"

namespace warmgate::policy {

// IdleLifetime learns how long idle serverless instances live before the platform ends them: a
// survival curve over idle gaps.
//
// Model.    After an idle gap the pool is found alive or gone; when within the gap it went, nobody
//           sees. Gaps fall into bins, four to an octave, and each bin remembers the shares of its
//           last gaps, some kMemory of them. The curve is the share that was found alive, and falls
//           with the length of the gap: where the bins say otherwise, neighbours are pooled until
//           it does. What no gap has shown yet is alive up to the platform's documented ceiling.
// Units.    Durations of idleness, from the last answer.
// Bounds.   O(1) to ask, O(kBins) for a gap of kShortest or more; shorter ones say nothing.
//           kShortest <= estimates <= max(kShortest, ceiling).
// Source.   Ayer, Brunk, Ewing, Reid, Silverman 1955: pooling adjacent violators gives the most
//           likely curve for current status data.
class IdleLifetime {
 public:
  static constexpr Duration kShortest = 1s;
  static constexpr size_t kBinsPerOctave = 4;
  static constexpr size_t kBins = 13 * kBinsPerOctave + 1;  // up to two hours and more
  static constexpr double kMemory = 16;
  static constexpr double kSurely = 0.9;

  explicit IdleLifetime(Duration ceiling) : ceiling_(ceiling) {}
  void set_ceiling(Duration ceiling) { ceiling_ = ceiling; }

  void survived(Duration gap) {
    proven_ = std::max(proven_, gap);
    if (gap >= kShortest) [[unlikely]]
      learn(gap, true);
  }
  void ended_within(Duration gap) {
    proven_ = std::min(proven_, gap / 2);
    learn(gap, false);
  }

  // An idle gap of this length is not worth a question: one was survived since the last shut-down,
  // and it is far from what the others do not survive.
  Duration harmless() const { return std::min(proven_, surely() / 10); }

  // Idle for longer than this: expect the pool to be cold, since most were.
  Duration estimate() const { return within_bounds(expected_); }

  // Idle for no longer than this: kSurely of them lived.
  Duration surely() const { return within_bounds(surely_); }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(ceiling_, bins_, expected_, surely_, proven_);
  }

 private:
  struct Bin {
    double alive = 0;
    double all = 0;
    double share() const { return alive / all; }
  };
  // Neighbouring bins that are pooled, empty ones left out.
  struct Curve {
    struct Part {
      size_t first_bin;
      Bin sum;
    };
    std::array<Part, kBins> parts;
    size_t size = 0;
  };

  static size_t bin_of(Duration gap);
  static Duration begin_of(size_t bin);
  Curve curve() const;
  void learn(Duration gap, bool alive);
  Duration within_bounds(Duration lifetime) const {
    return std::max(kShortest, std::min(ceiling_, lifetime));
  }

  Duration ceiling_;
  std::array<Bin, kBins> bins_;
  Duration expected_ = Duration::max();  // where the curve falls below a half
  Duration surely_ = Duration::max();    // ... below kSurely
  Duration proven_{};                    // the longest that was survived since the last shut-down
};

}  // namespace warmgate::policy
