#pragma once

#include "policy/sized_quantile.h"
#include "policy/status.h"
#include "stats/ewma.h"

namespace warmgate::policy {

// PoolTimes learns how long a pool takes: to the first byte, and to the end of the response.
//
// Model.    The last samples give quantiles, by the size of requests where that differs; an EWMA
//           gives the mean that rates need. Only good, complete answers count, and none that waited
//           for a cold start.
// Units.    Durations from the start of an attempt; bytes of the request's body.
// Bounds.   O(1) to record; two SizedQuantiles.
class PoolTimes {
 public:
  void first_byte(Duration took, uint64_t bytes) { first_byte_.add(took, bytes); }
  void complete(Duration took, uint64_t bytes) {
    service_.add(took, bytes);
    mean_.add(to_seconds(took));
  }

  bool known() const { return !mean_.empty(); }
  double mean_service_s() const { return mean_.value(); }  // 0 when not known
  const SizedQuantile& first_byte() const { return first_byte_; }
  const SizedQuantile& service() const { return service_; }

  LearnedTimes learned() const;

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(first_byte_, service_, mean_);
  }

 private:
  SizedQuantile first_byte_;
  SizedQuantile service_;
  stats::Ewma mean_{0.02};
};

}  // namespace warmgate::policy
