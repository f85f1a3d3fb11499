// KEDA-like: an interceptor in front of a scale-to-zero pool, with the always-on pool as fallback.
//
// Rule.    Requests go to the serverless pool. While it has no ready instance, the interceptor
//          holds them until one is, for at most 30 s; then they go to the fallback, and so do those
//          that the platform refuses (429, 503) meanwhile. Once it is ready nothing is held and
//          what it answers is passed on. It counts as scaled to zero 300 s after its last answer.
// Source.  KEDA HTTP add-on: cold start time-out and fallback service of an HTTPScaledObject;
//          `scaledownPeriod` 300 s. Holding is left to the platform's own queue, which keeps the
//          order just as well.
#include "baselines/baseline.h"
#include "baselines/makers.h"

namespace warmgate::baselines {
namespace {

constexpr Duration kHold = 30s;
constexpr Duration kScaleDown = 300s;

class KedaLike final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  void arrived(Instant now, Slot slot) override {
    if (!has_serverless()) return wait(slot);
    const bool cold = !is_ready(now);
    start(now, slot, next_serverless(), cold ? Reason::cold : Reason::warm);
    if (cold) limit(now, slot, kHold);
  }

  bool discards(Instant, const Attempt& attempt, uint16_t status) override {
    const bool was_held = attempt.limited;
    return was_held && (status == 429 || status == 503) && has_always_on();
  }

  void answered(Instant now, const Attempt& attempt, uint16_t status) override {
    const bool good = attempt.backend.pool == PoolKind::serverless && status < 500 && status != 429;
    if (!good) return;
    last_answer_ = now;
    seen_ = true;
  }

  void failed(Instant, Slot slot, const Attempt& attempt, Outcome outcome) override {
    const bool to_fallback = attempt.backend.pool == PoolKind::serverless && has_always_on();
    if (!to_fallback) return give_up(slot, outcome);
    wait(slot);
  }

  void release(Instant now) override {
    if (!has_always_on()) return;
    for (Slot slot = first_waiting(); slot != kNoSlot; slot = first_waiting()) {
      const BackendRef backend = least_busy();
      if (!slot_free(backend)) return;
      start(now, slot, backend, Reason::overflow);
    }
  }

  bool is_ready(Instant now) const { return seen_ && now - last_answer_ < kScaleDown; }

  bool seen_ = false;
  Instant last_answer_{};
};

}  // namespace

std::unique_ptr<Dispatcher> make_keda_like(const ServiceSettings& settings) {
  return std::make_unique<KedaLike>(settings);
}

}  // namespace warmgate::baselines
