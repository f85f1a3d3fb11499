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

  void first_byte(Duration took) { first_byte_.add(took); }
  void complete(Duration took) {
    service_.add(took);
    mean_.add(to_seconds(took));
  }

  bool known() const { return !mean_.empty(); }
  double mean_service_s() const { return mean_.value(); }  // 0 when not known
  Duration high_service() const { return service_.at(kHighQuantile); }
  const stats::RecentQuantile& first_byte() const { return first_byte_; }

  LearnedTimes learned() const;

 private:
  stats::RecentQuantile first_byte_{kWindow};
  stats::RecentQuantile service_{kWindow};
  stats::Ewma mean_{0.02};
};

}  // namespace warmgate::policy
