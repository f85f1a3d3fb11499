#pragma once

#include <string_view>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"

namespace warmgate::workload {

// TimeDraw draws durations: the same one always, or from a distribution.
//
// Model.   fixed; exponential by its mean; lognormal by its median and its 99th percentile:
//          mu = ln p50, sigma = (ln p99 - ln p50) / 2.326, the 0.99 quantile of the normal.
// Bounds.  Draws are at least 1 us and at most 24 h.
// Source.  Lognormal service times: Paxson and Floyd 1995. Normals by the polar method (Marsaglia
//          and Bray 1964).
class TimeDraw {
 public:
  static TimeDraw fixed(Duration time) { return TimeDraw(Kind::fixed, to_seconds(time), 0); }
  static TimeDraw exponential(Duration mean) {
    return TimeDraw(Kind::exponential, to_seconds(mean), 0);
  }
  // 0 < p50 <= p99
  static TimeDraw lognormal(Duration p50, Duration p99);

  Duration next(Prng& prng) const;

  Duration quantile(double q) const;  // q in (0, 1)
  Duration median() const { return quantile(0.5); }

 private:
  enum class Kind : uint8_t { fixed, exponential, lognormal };
  TimeDraw(Kind kind, double scale, double sigma) : kind_(kind), scale_(scale), sigma_(sigma) {}

  Kind kind_;
  double scale_;  // seconds: the time, its mean, its median
  double sigma_;
};

// "200ms", "exponential:200ms" (its mean), "p50=200ms,p99=1s". The error shows these.
Result<TimeDraw> parse_time_draw(std::string_view text);

// A draw from the standard normal distribution.
double draw_normal(Prng& prng);

}  // namespace warmgate::workload
