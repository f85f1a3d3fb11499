// What a service is asked to do over time: the input of the simulator, the planner and the load
// generator, whether it was recorded, drawn from a generator or read from a log.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace warmgate::workload {

struct Request {
  Duration at{};       // since the start of the workload
  Duration service{};  // how long it takes on the machine it was measured on, alone; > 0
  uint32_t bytes = 0;  // of its body
  bool low_priority = false;
  bool heavy = false;  // marked for the serverless pool by its route
  uint64_t key = 0;    // whose it is, for fair shares; 0: nobody says
};

// Ordered by `at`; equal times keep the order of the source.
using Workload = std::vector<Request>;

}  // namespace warmgate::workload
