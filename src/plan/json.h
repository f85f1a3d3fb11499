#pragma once

#include <string>
#include <vector>

#include "plan/row.h"

namespace warmgate::plan {

// {"slo_s":..,"rows":[{"policy":..,"usd_per_month":..},..]}; docs/plan.md has all fields.
std::string to_json(const Inputs& inputs, const Plan& plan, const std::vector<Row>& rows);

}  // namespace warmgate::plan
