// What a plan recommends, in one sentence and as a configuration.
#pragma once

#include <string>
#include <vector>

#include "plan/row.h"

namespace warmgate::plan {

// warmgate's configuration if it is among the policies; else the best of the others.
const Found& recommended(const Plan& plan, double target);

// One sentence or two: what to take, what it costs, what users notice, and what the best of the
// others would cost, also where that is less; and whether much less would nearly do.
std::string advice(const Inputs& inputs, const Plan& plan);

// A warmgate.yaml for the recommended size, which `warmgate check` accepts. Addresses are those of
// the configuration that the plan was made with, or examples to be replaced. Empty when warmgate is
// not among the policies.
std::string recommended_config(const Inputs& inputs, const Plan& plan);

}  // namespace warmgate::plan
