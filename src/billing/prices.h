// What Cloud Run asks for: the one price list of the local runtime's meter and of the simulator.
//
// Source.  List prices in us-central1, USD, read 2026-08 to 2026-10. All have changed over the
//          years.
#pragma once

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

}  // namespace warmgate::billing
