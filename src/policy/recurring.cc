// Wakes ahead of what recurs: the clock alone announces it.
#include <algorithm>
#include <cmath>

#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

constexpr double kLeadOverStart = 1.5;  // of a slow one: who comes at the full hour comes at once
constexpr Duration kShortestLead = 1s;  // clocks differ

}  // namespace

void WarmgateDispatcher::look_for_recurring(Instant now) {
  const double per_slot = serverless_rate_per_slot();
  const double least_per_s = at_once_in_time(now) / seasons_.at_once(1);
  const Duration lead =
      from_seconds(kLeadOverStart * to_seconds(cold_starts_.slow())) + kShortestLead;
  seasons_.look(now, lead, least_per_s, [&](double per_s, double chance) {
    return settings_.wake.learned_hours && per_slot > 0 && worth_waking_ahead(per_s, chance);
  });
}

// So many that come together are answered by the always-on pool within the SLO.
double WarmgateDispatcher::at_once_in_time(Instant now) const {
  return always_on_slots(now) * serverless_rate_per_slot() * to_seconds(settings_.slo);
}

// What comes at such a rate, beyond the always-on pool.
uint32_t WarmgateDispatcher::instances_beyond(double per_s) const {
  const double per_slot = serverless_rate_per_slot();
  if (per_slot == 0) return 1;
  const double beyond = per_s / per_slot - settings_.wake.headroom * always_on_slots(now_);
  return std::min(instances_for(beyond), settings_.serverless.max_instances);
}

// The newsvendor's question. An instance that is missing makes late what the always-on pool cannot
// answer in time of the worst that comes at once, as far as one instance would have answered it;
// one too many costs its start, and what it idles.
bool WarmgateDispatcher::worth_waking_ahead(double per_s, double chance) const {
  const double per_slot = serverless_rate_per_slot();
  const double beyond = seasons_.at_once(per_s) - at_once_in_time(now_);
  const double by_one = per_slot * to_seconds(settings_.slo) * instance_slots();
  const double share = settings_.slo_share;
  const double worth = pays_idle() ? error_budget_.late_worth(share) : share / (1 - share);
  const Duration start = cold_starts_.typical();
  const Duration idle = pays_idle() ? SeasonalPeaks::kPiece : Duration{};
  return chance * std::min(beyond, by_one) * worth / per_slot > to_seconds(start + idle);
}

// As many as recur; but where nobody has answered lately, one is asked first.
uint32_t WarmgateDispatcher::recurring_wanted(Instant now) const {
  const bool only_confirm = !serverless_usable(now) && warmth_.believed_warm(now);
  return only_confirm ? 1 : recurring_instances(now);
}

}  // namespace warmgate::policy
