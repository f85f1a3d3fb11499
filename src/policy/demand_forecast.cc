#include "policy/demand_forecast.h"

#include <algorithm>

namespace warmgate::policy {

double DemandForecast::now_per_s(Instant now) const {
  return std::max(fast_.per_second(now), slow_.per_second(now));
}

double DemandForecast::forecast_per_s(Instant now, Duration ahead) const {
  const double fast = fast_.per_second(now);
  const double slow = slow_.per_second(now);
  const double present = std::max(fast, slow);
  const double trend_per_s = std::max(0.0, fast - slow) / to_seconds(kSlow);
  return std::min(2 * present, present + trend_per_s * to_seconds(ahead));
}

}  // namespace warmgate::policy
