#pragma once

#include <CLI/CLI.hpp>

namespace warmgate::cli {

void add_plan_command(CLI::App& app, int& exit_status);

}  // namespace warmgate::cli
