// Serverless only: requests go straight to the platform, which queues them while instances start.
// With min-instances it is the same policy; the platform does the rest.
//
// Rule.    Everything at once, to the addresses in turn. What the platform answers is passed on,
//          its 429 included: that is what a client of the platform sees.
#include "baselines/baseline.h"
#include "baselines/makers.h"

namespace warmgate::baselines {
namespace {

class ServerlessOnly final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  void arrived(Instant now, Slot slot) override {
    if (!has_serverless()) return reject(slot, RejectReason::all_down, 503);
    start(now, slot, next_serverless(), Reason::warm);
  }
};

}  // namespace

std::unique_ptr<Dispatcher> make_serverless_only(const ServiceSettings& settings) {
  return std::make_unique<ServerlessOnly>(settings);
}

}  // namespace warmgate::baselines
