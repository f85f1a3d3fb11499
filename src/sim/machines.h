// The machine types that the always-on pool can be made of, with their list prices.
//
// Source.  Google Compute Engine list prices, us-central1, USD, read 2026-08 to 2026-10;
//          shared-core machines: 2 vCPUs in bursts, a part of them sustained. All have changed over
//          the years; `speed` is ours: equal until measured.
#pragma once

#include <span>
#include <string_view>

#include "base/time.h"

namespace warmgate::sim {

struct MachineType {
  std::string_view name = "e2-standard-2";
  double vcpus = 2;            // at most, all together
  double sustained_vcpus = 2;  // for ever; less than `vcpus`: a shared-core type, see Processor
  double memory_gib = 8;
  bool gpu = false;
  double usd_per_hour = 0.067011;
  double speed = 1;           // against the machine on which service times were measured
  Duration full_burst = 30s;  // shared-core: how long all vCPUs last with a full bucket of credits
};

// Cheapest first within a family, in the order e2, n2, g2.
std::span<const MachineType> machine_types();

// nullptr when there is none of that name.
const MachineType* find_machine_type(std::string_view name);

}  // namespace warmgate::sim
