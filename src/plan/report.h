#pragma once

#include <atomic>
#include <string>

#include "plan/search.h"

namespace warmgate::plan {

// One HTML page with everything in it: no script, no other file, nothing from the network. It
// simulates the recommended configuration once more, for its course over time; `stop` ends that.
std::string report_page(const Inputs& inputs, const Plan& plan, const std::atomic<bool>& stop);

}  // namespace warmgate::plan
