#include "policy/instance_rentals.h"

#include <algorithm>

#include "policy/idle_rental.h"

namespace warmgate::policy {

namespace {

size_t group_of(uint32_t k) {
  return WakeTrials::group_of(k);
}

}  // namespace

void InstanceRentals::demand(Instant now, uint32_t requests, const Terms& terms,
                             uint32_t foreseen) {
  const uint32_t more = requests > demand_ ? requests - demand_ : 0;
  const uint32_t k = needed(requests, terms);
  if (levels_.size() < k) levels_.resize(k);
  for (uint32_t i = needed_; i < k; ++i) begin_need(now, i + 1, terms, i < foreseen);
  for (uint32_t i = needed_; i > k; --i) end_need(now, i);
  demand_ = requests;
  needed_ = k;
  if (more == 0) return;
  // Calls within a start of the first one are those that would have waited for it.
  Level& last = levels_[k - 1];
  if (now - last.called_anew < terms.start) last.calls += more;
  trials_.needed(now, k);
}

void InstanceRentals::begin_need(Instant now, uint32_t k, const Terms& terms, bool foreseen) {
  Level& level = levels_[k - 1];
  Group& group = groups_[group_of(k)];
  const Duration gap = now - level.idle_since;
  if (level.was_needed && gap >= GapHistogram::kShortest) group.gaps.add(gap);
  if (!level.was_needed || gap >= terms.start) {
    if (level.calls > 0) group.calls.add(level.foreseen ? 0 : level.calls);
    level.called_anew = now;
    level.calls = 0;
    level.foreseen = foreseen;
  }
  level.needed = level.was_needed = true;
}

void InstanceRentals::end_need(Instant now, uint32_t k) {
  Level& level = levels_[k - 1];
  level.needed = false;
  level.idle_since = now;
  level.keep_known = false;
}

void InstanceRentals::there(Instant now, uint32_t instances) {
  if (levels_.size() < instances) levels_.resize(instances);
  for (uint32_t k = there_; k < instances; ++k) {
    levels_[k].there_since = now;
    levels_[k].keep_known = false;
  }
  there_ = instances;
}

Instant InstanceRentals::release_at(uint32_t instances, const Terms& terms) {
  if (instances == 0 || instances > levels_.size()) return kNever;
  Level& level = levels_[instances - 1];
  if (level.needed) return kNever;
  if (!level.keep_known) {
    const Group& group = groups_[group_of(instances)];
    level.keep = keep_for(group.gaps, price(instances, terms), terms.trust);
    level.keep_known = true;
  }
  const Instant kept_until =
      level.keep >= kNever - level.idle_since ? kNever : level.idle_since + level.keep;
  if (level.was_needed && level.idle_since >= level.there_since) return kept_until;
  // Not needed yet since it came: for as long as it was called for.
  const Instant called_until =
      std::max(level.there_since + terms.start, trials_.open_until(instances));
  return level.was_needed ? std::max(kept_until, called_until) : called_until;
}

uint32_t InstanceRentals::worth_waking(Instant now, uint32_t wanted, uint32_t there,
                                       const Terms& terms) {
  if (wanted == 0) return 0;
  trials_.called(now, wanted, terms.start);
  uint32_t worth = wanted;
  for (; worth > there; --worth) {
    const double late_s = to_seconds(price(worth, terms) - terms.start);
    if (trials_.chance(worth) * late_s > to_seconds(terms.start + terms.idle_unwanted)) {
      break;
    }
  }
  return worth;
}

Duration InstanceRentals::price(uint32_t k, const Terms& terms) const {
  const stats::Ewma& calls = groups_[group_of(k)].calls;
  const double late = calls.empty() ? 1.0 : calls.value();
  return terms.start + from_seconds(late * to_seconds(terms.late_price));
}

}  // namespace warmgate::policy
