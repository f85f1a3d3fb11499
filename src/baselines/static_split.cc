// Static split: a load balancer with fixed weights over both pools.
//
// Rule.    Of n requests, round(n * share) to the always-on pool, evenly interleaved; there first
//          come, first served in the balancer's queue. The rest to serverless at once. A connection
//          that fails or times out is tried once more, in the other pool; 429 and 503 are passed
//          on.
// Source.  Smooth weighted round robin (nginx `weight`; Google's load balancer `capacityScaler`).
#include "baselines/baseline.h"
#include "baselines/makers.h"

namespace warmgate::baselines {
namespace {

class StaticSplit final : public Baseline {
 public:
  StaticSplit(const ServiceSettings& settings, double share) : Baseline(settings), share_(share) {}

 private:
  static constexpr uint8_t kMostAttempts = 2;

  void arrived(Instant now, Slot slot) override {
    credit_ += share_;
    const bool first = credit_ >= 0.5;
    if (first) credit_ -= 1;
    to_pool(now, slot, first ? PoolKind::always_on : PoolKind::serverless, Reason::light);
  }

  void failed(Instant now, Slot slot, const Attempt& attempt, Outcome outcome) override {
    if (request(slot).attempts >= kMostAttempts) return give_up(slot, outcome);
    const bool was_first = attempt.backend.pool == PoolKind::always_on;
    to_pool(now, slot, was_first ? PoolKind::serverless : PoolKind::always_on, Reason::retry);
  }

  // The other pool where this one does not exist.
  void to_pool(Instant now, Slot slot, PoolKind pool, Reason reason) {
    const bool on_machines = pool == PoolKind::always_on ? has_always_on() : !has_serverless();
    if (on_machines) return wait(slot);
    start(now, slot, next_serverless(), reason);
  }

  void release(Instant now) override {
    for (Slot slot = first_waiting(); slot != kNoSlot; slot = first_waiting()) {
      const BackendRef backend = least_busy();
      if (!slot_free(backend)) return;
      start(now, slot, backend, Reason::queued_always_on);
    }
  }

  double share_;
  double credit_ = 0;  // what the always-on pool is owed, in requests; in [-0.5, 0.5)
};

}  // namespace

std::unique_ptr<Dispatcher> make_static_split(const ServiceSettings& settings, double share) {
  return std::make_unique<StaticSplit>(settings, share);
}

}  // namespace warmgate::baselines
