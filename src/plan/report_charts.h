// The pictures of a report, each as inline SVG with its legend.
#pragma once

#include <string>

#include "plan/search.h"

namespace warmgate::plan {

// The colour class of a policy, by its place in the plan.
std::string colour(size_t policy);

std::string load_chart(const sim::Timeline& timeline);
std::string pools_chart(const sim::Timeline& timeline);
std::string latency_chart(const Inputs& inputs, const Plan& plan);
std::string frontier_chart(const Inputs& inputs, const Plan& plan);
std::string policies_legend(const Plan& plan);

}  // namespace warmgate::plan
