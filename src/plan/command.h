// `warmgate plan`: how small may the machines be, what will it cost, and what will users notice?
#pragma once

#include <atomic>
#include <ostream>

#include "plan/options.h"

namespace warmgate::plan {

inline constexpr int kExitBadUsage = 64;
inline constexpr int kExitCannotWrite = 74;
inline constexpr int kExitInterrupted = 130;

// Gives the exit status. When `stop` becomes true the plan ends soon, and no file is written.
int run(const PlanOptions& options, const std::atomic<bool>& stop, std::ostream& out,
        std::ostream& errors);

}  // namespace warmgate::plan
