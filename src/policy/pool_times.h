#pragma once

#include "policy/status.h"
#include "stats/ewma.h"
#include "stats/recent_quantile.h"

namespace warmgate::policy {

// PoolTimes learns how long a pool takes: to the first byte, and to the end of the response.
//
// Model.    The last kWindow samples give quantiles; an EWMA gives the mean that rates need. Only
//           good, complete answers count, and none that waited for a cold start.
// Units.    Durations from the start of an attempt.
// Bounds.   O(1) to record; two windows of kWindow samples.
class PoolTimes {
 public:
  static constexpr size_t kWindow = 128;
  static constexpr double kHighQuantile = 0.95;

  void first_byte(Duration took) {
    first_byte_.add(took);
    high_first_byte_ = first_byte_.at(kHighQuantile);
  }
  void complete(Duration took) {
    service_.add(took);
    high_service_ = service_.at(kHighQuantile);
    mean_.add(to_seconds(took));
  }

  bool known() const { return !mean_.empty(); }
  double mean_service_s() const { return mean_.value(); }        // 0 when not known
  Duration high_first_byte() const { return high_first_byte_; }  // 0 when not known
  Duration high_service() const { return high_service_; }        // likewise
  const stats::RecentQuantile& first_byte() const { return first_byte_; }

  LearnedTimes learned() const;

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(first_byte_, service_, mean_, high_first_byte_, high_service_);
  }

 private:
  stats::RecentQuantile first_byte_{kWindow};
  stats::RecentQuantile service_{kWindow};
  stats::Ewma mean_{0.02};
  Duration high_first_byte_{};  // asked far more often than it changes
  Duration high_service_{};
};

}  // namespace warmgate::policy
