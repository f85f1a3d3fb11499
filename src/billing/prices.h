// What Cloud Run asks for: the one price list of the local runtime's meter and of the simulator.
//
// Source.  List prices in us-central1, USD, read 2026-08 to 2026-10. All have changed over the
//          years.
#pragma once

#include <cstdint>

namespace warmgate::billing {

struct Prices {
  double request_vcpu_s = 0.000024;  // request-based billing, while starting or serving
  double request_gib_s = 0.0000025;
  double request_million = 0.40;   // per million requests; none with instance-based billing
  double idle_vcpu_s = 0.0000025;  // request-based billing, idle min-instances
  double idle_gib_s = 0.0000025;
  double instance_vcpu_s = 0.000018;  // instance-based billing, whole life
  double instance_gib_s = 0.000002;
  double gpu_s = 0.0001867;  // instance-based only; an L4 without zonal redundancy
};

inline constexpr double kZonalGpuS = 0.0002909;  // an L4 with zonal redundancy

// What a month includes at no charge.
struct FreeTier {
  double request_vcpu_s = 180'000, request_gib_s = 360'000, requests = 2'000'000;
  double instance_vcpu_s = 240'000, instance_gib_s = 450'000;
};

enum class Gpu : uint8_t { none, l4, l4_zonal };

// What an instance has, and how its platform bills it.
struct Instance {
  double vcpus = 1;
  double memory_gib = 0.5;
  Gpu gpu = Gpu::none;
  bool by_request = true;  // request-based billing; a GPU is billed by instance only
};

// Of one more second at work (request-based) or alive (instance-based), beyond the free tier.
inline double usd_per_instance_s(const Prices& prices, const Instance& instance) {
  const double gpu = instance.gpu == Gpu::none       ? 0
                     : instance.gpu == Gpu::l4_zonal ? kZonalGpuS
                                                     : prices.gpu_s;
  return gpu + (instance.by_request ? instance.vcpus * prices.request_vcpu_s +
                                          instance.memory_gib * prices.request_gib_s
                                    : instance.vcpus * prices.instance_vcpu_s +
                                          instance.memory_gib * prices.instance_gib_s);
}

inline double usd_per_request(const Prices& prices, const Instance& instance) {
  return instance.by_request ? 1e-6 * prices.request_million : 0;
}

}  // namespace warmgate::billing
