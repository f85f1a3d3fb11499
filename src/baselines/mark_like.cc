// MArk-like: machines for the usual load, serverless functions for what they cannot do in time.
//
// Rule.    A request is queued at the always-on pool, first come first served, if its predicted
//          latency there meets the SLO: what runs and what waits ahead of it, shared by the slots,
//          and then its own service at the 95th percentile. Else it goes to serverless at once,
//          whether an instance is ready or not. What serverless refuses (429, 503) or fails goes to
//          the queue after all.
// Model.   Service times are learned from the always-on pool's own answers: mean by an average over
//          some hundred, quantile over the last 512. Before the first one a free slot is good
//          enough.
// Source.  MArk (Zhang et al., ATC 2019), Spock (Gunasekaran et al., CLOUD 2019): serverless as the
//          handover while machines cannot meet the latency; blind to its cold starts.
#include "baselines/baseline.h"
#include "baselines/makers.h"
#include "stats/ewma.h"
#include "stats/recent_quantile.h"

namespace warmgate::baselines {
namespace {

class MarkLike final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  static constexpr uint8_t kMostAttempts = 2;
  static constexpr double kServiceQuantile = 0.95;

  void arrived(Instant now, Slot slot) override {
    const bool on_machines = has_always_on() && (!has_serverless() || meets_slo(now));
    if (on_machines) return wait(slot);
    start(now, slot, next_serverless(), Reason::overflow);
  }

  bool discards(Instant, const Attempt& attempt, uint16_t status) override {
    const bool refused = status == 429 || status == 503;
    return refused && attempt.backend.pool == PoolKind::serverless && has_always_on();
  }

  void failed(Instant now, Slot slot, const Attempt& attempt, Outcome outcome) override {
    if (request(slot).attempts >= kMostAttempts) return give_up(slot, outcome);
    const bool was_serverless = attempt.backend.pool == PoolKind::serverless;
    if (was_serverless ? has_always_on() : !has_serverless()) return wait(slot);
    start(now, slot, next_serverless(), Reason::retry);
  }

  void finished(Instant now, const Attempt& attempt, Outcome outcome) override {
    if (attempt.backend.pool != PoolKind::always_on || outcome != Outcome::ok) return;
    mean_s_.add(to_seconds(now - attempt.began));
    times_.add(now - attempt.began);
  }

  void release(Instant now) override {
    for (Slot slot = first_waiting(); slot != kNoSlot; slot = first_waiting()) {
      const BackendRef backend = least_busy();
      if (!slot_free(backend)) return;
      const bool waited = now > request(slot).arrived;
      start(now, slot, backend, waited ? Reason::queued_always_on : Reason::light);
    }
  }

  bool meets_slo(Instant now) const {
    const bool at_once = slot_free(least_busy()) && waiting() == 0;
    if (mean_s_.empty()) return at_once;
    const double wait_s = at_once ? 0 : work_ahead_s(now) / slots();
    return from_seconds(wait_s) + times_.at(kServiceQuantile) <= settings().slo;
  }

  double slots() const {
    return settings().always_on.backends * static_cast<double>(settings().always_on.concurrency);
  }

  double work_ahead_s(Instant now) const {
    double work_s = waiting() * mean_s_.value();
    for_each_attempt([&](const Attempt& attempt) {
      if (attempt.backend.pool != PoolKind::always_on) return;
      work_s += std::max(0.0, mean_s_.value() - to_seconds(now - attempt.began));
    });
    return work_s;
  }

  stats::Ewma mean_s_{0.01};
  stats::RecentQuantile times_{512};
};

}  // namespace

std::unique_ptr<Dispatcher> make_mark_like(const ServiceSettings& settings) {
  return std::make_unique<MarkLike>(settings);
}

}  // namespace warmgate::baselines
