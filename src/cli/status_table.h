// What /status says, as a compact table for a terminal.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace warmgate::cli {

// An Error when the text is not a status document of warmgate.
Result<std::string> status_table(std::string_view json);

}  // namespace warmgate::cli
