// Always-on only: what most services are, some machines behind a load balancer.
//
// Rule.    A free slot on the machine with the fewest requests; else first come, first served in
//          the balancer's queue. A connection that fails is tried once more, on another machine
//          where there is one. 429 and 5xx are passed on.
// Source.  HAProxy: `balance leastconn`, `maxconn` per server, `option redispatch`.
#include "baselines/baseline.h"
#include "baselines/makers.h"

namespace warmgate::baselines {
namespace {

class AlwaysOnOnly final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  static constexpr uint8_t kMostAttempts = 2;

  void arrived(Instant, Slot slot) override {
    if (!has_always_on()) return reject(slot, RejectReason::all_down, 503);
    wait(slot);
  }

  void failed(Instant, Slot slot, const Attempt&, Outcome outcome) override {
    if (request(slot).attempts >= kMostAttempts) return give_up(slot, outcome);
    wait(slot);
  }

  void release(Instant now) override {
    if (!has_always_on()) return;
    for (Slot slot = first_waiting(); slot != kNoSlot; slot = first_waiting()) {
      const BackendRef backend = least_busy();
      if (!slot_free(backend)) return;
      const bool waited = now > request(slot).arrived;
      start(now, slot, backend, waited ? Reason::queued_always_on : Reason::light);
    }
  }
};

}  // namespace

std::unique_ptr<Dispatcher> make_always_on_only(const ServiceSettings& settings) {
  return std::make_unique<AlwaysOnOnly>(settings);
}

}  // namespace warmgate::baselines
