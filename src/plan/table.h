// A plan as a table on a terminal.
#pragma once

#include <string>
#include <vector>

#include "plan/row.h"

namespace warmgate::plan {

// One row per policy. `searched`: with the configuration that was found for each, and what each
// further nine costs.
std::string table(const std::vector<Row>& rows, bool searched);
std::string nines_table(const Plan& plan);

}  // namespace warmgate::plan
