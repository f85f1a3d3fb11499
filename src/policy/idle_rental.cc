#include "policy/idle_rental.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::policy {
namespace {

constexpr double kFewGaps = 8;

}  // namespace

// Walks over the waits in rising order: `ended_s` of idle time is paid for the gaps that ended
// within the wait, and a share `open` of the gaps pays the wait and the price.
Duration keep_for(const GapHistogram& gaps, Duration price, double trust) {
  WG_ASSERT(price >= Duration{} && trust > 0 && trust <= 1, "a price, and a trust in (0, 1]");
  if (gaps.weight() < kFewGaps || price == Duration{}) return price;
  const double price_s = to_seconds(price);
  const double least_s = trust * price_s, most_s = price_s / trust;
  double open = 1, ended_s = 0;
  double best_s = least_s, best_cost = -1;
  const auto consider = [&](double wait_s) {
    const double cost = ended_s + open * (wait_s + price_s);
    if (best_cost >= 0 && cost >= best_cost) return;
    best_s = wait_s;
    best_cost = cost;
  };
  for (size_t bin = 0; bin < GapHistogram::kBins; ++bin) {
    const double gap_s = GapHistogram::middle_s(bin);
    if (gap_s > least_s && best_cost < 0) consider(least_s);
    if (gap_s > most_s) break;
    open -= gaps.share(bin);
    ended_s += gaps.share(bin) * gap_s;
    // Just beyond the gaps of this bin: to where the next one begins.
    if (gap_s > least_s) consider(std::min(gap_s * GapHistogram::kHalfBin, most_s));
  }
  if (best_cost < 0) consider(least_s);
  return from_seconds(best_s);
}

}  // namespace warmgate::policy
