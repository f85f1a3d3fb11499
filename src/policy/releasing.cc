// Letting go of instances whose idle time is paid.
#include <algorithm>

#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

constexpr double kQueuedShare = 0.5;  // of what could wait for a slot within the SLO
constexpr double kCaution = 0.75;     // of what the always-on pool should do in time
constexpr double kMostQueued = 100;
constexpr Duration kFirstReleasePause = 10s;  // after one that ended nobody; then twice as long
constexpr Duration kLongestReleasePause = 1h;

}  // namespace

// A slot takes what it works on, and in time a share of what may wait for it.
InstanceRentals::Terms WarmgateDispatcher::rental_terms() const {
  const ServerlessSettings& pool = settings_.serverless;
  const double per_slot = serverless_rate_per_slot();
  const double slack_s = to_seconds(settings_.slo - high_answer(serverless_times_));
  const double queued = std::clamp(kQueuedShare * per_slot * slack_s, 0.0, kMostQueued);
  const double filled = std::max(1.0, kFilled * pool.concurrency);
  const double worth = error_budget_.late_worth(settings_.slo_share);
  InstanceRentals::Terms terms;
  terms.per_instance = static_cast<uint32_t>(filled * (1 + queued));
  terms.start = cold_starts_.typical();
  terms.idle_unwanted = pool.can_release ? terms.start : warmth_.idle_lifetime().estimate();
  terms.late_price = per_slot > 0 ? from_seconds(worth / per_slot) : settings_.slo;
  terms.trust = pool.rental_trust;
  return terms;
}

// Who waits, but for those whom the always-on pool will have answered in time.
uint32_t WarmgateDispatcher::waiting_for_serverless(Instant now) const {
  if (queue_.empty()) return 0;
  const double slack_s = to_seconds(settings_.slo - high_answer(always_on_times_));
  const double in_time = kCaution * always_on_rate(now) * std::max(0.0, slack_s);
  const uint32_t on_time = queue_.size(Lane::on_time);
  const auto answered = static_cast<uint32_t>(std::min<double>(in_time, on_time));
  return queue_.size() - answered;
}

void WarmgateDispatcher::settle_rentals(Instant now) {
  const uint32_t waiting = waiting_for_serverless(now);
  const uint32_t at_pool =
      serverless_in_flight_ - std::min(serverless_in_flight_, spare_in_flight_);
  rentals_.demand(now, at_pool + waiting, rental_terms(), recurring_instances(now));
  if (rentals_.needed() >= recurring_instances(now)) seasons_.met();
  release_idle(now);
}

// At least so many are at work.
uint32_t WarmgateDispatcher::in_use() const {
  const uint32_t concurrency = instance_slots();
  return (serverless_in_flight_ + wakes_.in_flight() + concurrency - 1) / concurrency;
}

bool WarmgateDispatcher::may_release(Instant now) const {
  return settings_.serverless.can_release && !release_ && wakes_.in_flight() == 0 &&
         queue_.empty() && serverless(now) != Serverless::circuit_open;
}

// Whichever instance the platform gives it to ends. Never one that is needed: then those that are
// left could not take what is in flight.
void WarmgateDispatcher::release_idle(Instant now) {
  release_due_ = kNever;
  const InstanceRentals::Terms terms = rental_terms();
  const uint32_t known = warmth_.instances(now);
  const uint32_t used =
      std::max({rentals_.needed(), in_use(), scheduled_instances(now), recurring_instances(now)});
  paid_.needed(now, in_use(), warmth_.idle_lifetime().estimate());
  const uint32_t have = std::max(known, paid_.possible());
  rentals_.there(now, have);
  if (have <= used || !may_release(now)) return;
  const bool search = known <= used;
  if (search && !paid_.worth_searching(warmth_.idle_lifetime().estimate() / 2, terms.start)) {
    return;
  }
  release_due_ = std::max(rentals_.release_at(have, terms), release_paused_until_);
  if (now < release_due_) return;
  release_due_ = kNever;
  release_ = next_probe_id();
  release_sent_ = now;
  release_search_ = search;
  if (known <= 1) warmth_.doubt();  // who comes now asks first
  ++probes_by_kind_[static_cast<size_t>(ProbeKind::release)];
  emit(StartProbe{
      release_, {PoolKind::serverless, 0}, ProbeKind::release, settings_.wake.timeout, Duration{}});
}

void WarmgateDispatcher::release_ended(Instant now, const ProbeFinished& event) {
  release_ = ProbeId{};
  if (event.outcome != Outcome::ok) {
    release_pause_ = std::clamp(release_pause_ * 2, kFirstReleasePause, kLongestReleasePause);
    release_paused_until_ = now + release_pause_;
    if (event.outcome == Outcome::connect_failed) warmth_.doubt();
    return;
  }
  release_pause_ = Duration{};
  const Duration took = now - release_sent_;
  const uint32_t used = in_use();
  const bool newborn = event.evidence && event.evidence->age <= took;
  const bool known = !event.evidence || warmth_.knows(event.evidence->instance);
  using Answer = PaidInstances::Answer;
  paid_.ended(newborn ? Answer::newborn
              : known ? Answer::known
                      : Answer::stranger,
              release_search_, used);
  // It came only to go again: nobody was there.
  const bool was_cold = newborn && used == 0 && warmth_.silence(now) > took;
  if (was_cold) return warmth_.found_cold(warmth_.silence(now) - took);
  if (known) warmth_.one_ended(event.evidence);
}

}  // namespace warmgate::policy
