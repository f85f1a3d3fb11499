// `warmgate replay`: a flight recording again, or through another policy or configuration.
#pragma once

#include <CLI/CLI.hpp>

namespace warmgate::cli {

// Adds the subcommand. When it was called, its exit status stands in `exit_status` after parsing.
void add_replay_command(CLI::App& app, int& exit_status);

}  // namespace warmgate::cli
