#include "sim/bill.h"

#include <algorithm>

namespace warmgate::sim {
namespace {

bool by_request(const ServerlessModel& model) {
  return model.billing == policy::Billing::request;
}

billing::Instance instance_of(const ServerlessModel& model) {
  return {.vcpus = model.vcpus,
          .memory_gib = model.memory_gib,
          .gpu = model.gpu ? billing::Gpu::l4 : billing::Gpu::none,
          .by_request = by_request(model)};
}

}  // namespace

void price(const ServerlessModel& model, const ServerlessUsage& usage, Duration span, Cost& cost) {
  const billing::Prices& prices = model.prices;
  const billing::FreeTier& free = model.free_tier;
  const bool request = by_request(model);
  const double share = model.use_free_tier ? to_seconds(span) / to_seconds(kMonth) : 0;
  const auto beyond = [share](double used, double included) {
    return std::max(0.0, used - included * share);
  };
  const double vcpu_s =
      beyond(usage.instance_s * model.vcpus, request ? free.request_vcpu_s : free.instance_vcpu_s);
  const double gib_s = beyond(usage.instance_s * model.memory_gib,
                              request ? free.request_gib_s : free.instance_gib_s);
  cost.serverless_cpu = vcpu_s * (request ? prices.request_vcpu_s : prices.instance_vcpu_s);
  cost.serverless_memory = gib_s * (request ? prices.request_gib_s : prices.instance_gib_s);
  if (model.gpu) cost.serverless_cpu += usage.instance_s * prices.gpu_s;
  cost.serverless_requests = usd_per_request(model) * beyond(usage.requests, free.requests);
  cost.serverless_idle = 0;
  if (request) {
    cost.serverless_idle = usage.kept_idle_s * (model.vcpus * prices.idle_vcpu_s +
                                                model.memory_gib * prices.idle_gib_s);
  }
}

double usd_per_instance_s(const ServerlessModel& model) {
  return billing::usd_per_instance_s(model.prices, instance_of(model));
}

double usd_per_request(const ServerlessModel& model) {
  return billing::usd_per_request(model.prices, instance_of(model));
}

double always_on_usd(const AlwaysOnModel& model, Duration span) {
  return model.backends * model.machine.usd_per_hour * to_seconds(span) / 3600;
}

}  // namespace warmgate::sim
