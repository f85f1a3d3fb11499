#include "workload/time_draw.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "base/text.h"

namespace warmgate::workload {
namespace {

constexpr double kNormalP99 = 2.3263478740408408;
constexpr double kLeastSeconds = 1e-6;
constexpr double kMostSeconds = 86'400;

Duration bounded(double seconds) {
  return from_seconds(std::clamp(seconds, kLeastSeconds, kMostSeconds));
}

// The normal quantile function, by Halley's rule from the logistic approximation (Tocher 1963).
double normal_quantile(double q) {
  double x = std::log(q / (1 - q)) / 1.702;
  for (int i = 0; i < 20; ++i) {
    const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - q;
    const double step = error * std::sqrt(2 * M_PI) * std::exp(x * x / 2);
    x -= step / (1 + x * step / 2);
  }
  return x;
}

std::optional<Duration> positive(std::string_view text) {
  const auto time = parse_duration(trim(text));
  return time && *time > 0s && *time <= 24h ? time : std::nullopt;
}

std::optional<TimeDraw> parse_quantiles(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view first = trim(text.substr(0, comma));
  const std::string_view second = trim(text.substr(comma + 1));
  if (!first.starts_with("p50=") || !second.starts_with("p99=")) return std::nullopt;
  const auto p50 = positive(first.substr(4));
  const auto p99 = positive(second.substr(4));
  if (!p50 || !p99 || *p99 < *p50) return std::nullopt;
  return TimeDraw::lognormal(*p50, *p99);
}

}  // namespace

double draw_normal(Prng& prng) {
  for (;;) {  // ends after 1.27 rounds on average
    const double u = 2 * prng.uniform() - 1;
    const double v = 2 * prng.uniform() - 1;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2 * std::log(s) / s);
  }
}

TimeDraw TimeDraw::lognormal(Duration p50, Duration p99) {
  const double sigma = std::log(to_seconds(p99) / to_seconds(p50)) / kNormalP99;
  return TimeDraw(Kind::lognormal, to_seconds(p50), sigma);
}

Duration TimeDraw::next(Prng& prng) const {
  switch (kind_) {
    case Kind::fixed:
      break;
    case Kind::exponential:
      return bounded(prng.exponential(scale_));
    case Kind::lognormal:
      return bounded(scale_ * std::exp(sigma_ * draw_normal(prng)));
  }
  return bounded(scale_);
}

Duration TimeDraw::quantile(double q) const {
  switch (kind_) {
    case Kind::fixed:
      break;
    case Kind::exponential:
      return bounded(-scale_ * std::log1p(-q));
    case Kind::lognormal:
      return bounded(scale_ * std::exp(sigma_ * normal_quantile(q)));
  }
  return bounded(scale_);
}

Result<TimeDraw> parse_time_draw(std::string_view text) {
  constexpr std::string_view kExponential = "exponential:";
  if (const auto time = positive(text)) return TimeDraw::fixed(*time);
  if (text.starts_with(kExponential)) {
    if (const auto mean = positive(text.substr(kExponential.size()))) {
      return TimeDraw::exponential(*mean);
    }
  }
  if (const auto draw = parse_quantiles(text)) return *draw;
  return Error{"the time \"" + std::string(text) +
               "\" is not understood: write 200ms, exponential:200ms or p50=200ms,p99=1s, each "
               "more than 0 and at most a day"};
}

}  // namespace warmgate::workload
