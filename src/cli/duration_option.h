// Durations as command line options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/time.h"

namespace warmgate::cli {

// Adds an option with a value such as 500ms, 15s or 4m; `target` holds the default.
CLI::Option* add_duration(CLI::App& app, const std::string& flag, Duration& target,
                          const std::string& help);

}  // namespace warmgate::cli
