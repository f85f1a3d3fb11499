// Sizes of the always-on pool, as users name them and as a search tries them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/world.h"
#include "workload/request.h"

namespace warmgate::plan {

struct Size {
  sim::MachineType machine{};
  uint16_t machines = 1;  // 0: there is no such pool
  uint32_t slots = 1;     // per machine

  bool scales() const;  // it was given as a number of slots, in one machine of that size
  uint32_t all_slots() const { return machines * slots; }
  double usd_per_month() const;
  std::string text() const;  // "e2-standard-2 x 3", "4 slots", "none"
};

inline constexpr uint16_t kMostMachines = 1'000;
inline const Size kNoMachines{.machines = 0};

// "4": that many slots, each a vCPU at the price of one in an e2-standard machine.
// "e2-small*2": two machines of that type. Slots per machine: `slots`, or, where it is 0, one for
// each vCPU that can be used for ever. The error names the nearest type.
Result<Size> parse_size(std::string_view text, uint32_t slots);

// What a search tries: cheapest first, none that costs more than another that can do as much, and
// no more slots than requests ever run at the same time. Machines with a GPU are left out: they
// are another way to serve, with other service times.
std::vector<Size> sizes_for(const workload::Workload& workload, uint32_t slots);

// Of requests, if each were served at once.
uint32_t greatest_concurrency(const workload::Workload& workload);

}  // namespace warmgate::plan
