#pragma once

#include "stats/decayed_rate.h"

namespace warmgate::policy {

// DemandForecast estimates how many requests arrive per second, now and one cold start ahead.
//
// Model.    Two decayed rates. The fast one follows a burst, the slow one remembers it, so that
//           demand is not called low between two bursts. The forecast adds the trend between the
//           two, which the cold start leaves time to grow, at most once more the present rate.
// Units.    Requests per second; every arrival counts at once, however short the burst.
// Bounds.   O(1), no allocation. now <= forecast <= 2 * now.
// Source.   Two-window averages as in Knative's stable and panic windows; trend after Holt 1957.
class DemandForecast {
 public:
  static constexpr Duration kFast = 2s;
  static constexpr Duration kSlow = 15s;

  void arrived(Instant now) {
    fast_.add(now);
    slow_.add(now);
    last_arrival_ = now;
  }

  // Did a request arrive at this very instant? Only then is the forecast news: without arrivals it
  // can but fall.
  bool arrived_at(Instant now) const { return now == last_arrival_; }

  // The higher of the two windows: demand rises at once and falls slowly.
  double now_per_s(Instant now) const;
  double forecast_per_s(Instant now, Duration ahead) const;

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(fast_, slow_, last_arrival_);
  }

 private:
  stats::DecayedRate fast_{kFast};
  stats::DecayedRate slow_{kSlow};
  Instant last_arrival_ = Instant::min();  // never
};

// DemandLevel says whether demand is above what the always-on pool does comfortably (case 2 of
// behaviour.md) or low (case 3).
//
// Model.    Utilisation = demand * mean service time / always-on slots. High above `headroom`, low
//           again under half of it, so that the two cases do not alternate.
// Bounds.   O(1).
class DemandLevel {
 public:
  void update(double utilisation, double headroom) {
    if (utilisation > headroom) high_ = true;
    if (utilisation < headroom / 2) high_ = false;
  }
  bool high() const { return high_; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(high_);
  }

 private:
  bool high_ = false;
};

}  // namespace warmgate::policy
