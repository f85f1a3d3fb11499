#pragma once

#include "policy/settings.h"
#include "stats/recent_quantile.h"

namespace warmgate::policy {

// ColdStartClock learns how long the serverless pool takes to start, from the wake to the first
// good output, and predicts when a start that is under way will be ready.
//
// Model.    The last kWindow starts; the configured expectation while there is none. A start that
//           has already lasted `elapsed` is compared with those that lasted longer; when none did,
//           it is expected to take half as long again as it has.
// Bounds.   O(1); kWindow samples. Predictions are never below zero.
class ColdStartClock {
 public:
  static constexpr size_t kWindow = 32;

  explicit ColdStartClock(Duration expected) : expected_(expected) {}
  void set_expected(Duration expected) { expected_ = expected; }

  void started_in(Duration took) { starts_.add(took); }

  Duration typical() const { return starts_.at(0.5, expected_); }
  Duration slow() const { return starts_.at(0.9, expected_); }

  // How much longer a start takes that began `elapsed` ago.
  Duration remaining(Duration elapsed) const {
    const Duration beyond =
        elapsed < expected_ && starts_.empty() ? expected_ : elapsed + elapsed / 2;
    return starts_.at_above(0.9, elapsed, beyond) - elapsed;
  }

  const stats::RecentQuantile& starts() const { return starts_; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(expected_, starts_);
  }

 private:
  Duration expected_;
  stats::RecentQuantile starts_{kWindow};
};

}  // namespace warmgate::policy
