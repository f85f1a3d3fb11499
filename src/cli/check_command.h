// `warmgate check`: is a configuration valid, and what does it amount to?
#pragma once

#include <CLI/CLI.hpp>
#include <ostream>

#include "config/loader.h"

namespace warmgate::cli {

// As in sysexits.h, so that a script can tell a wrong configuration from a missing one.
inline constexpr int kExitUnreadable = 66;
inline constexpr int kExitInvalidConfig = 78;

// Adds the subcommand. When it was called, its exit status stands in `exit_status` after parsing.
void add_check_command(CLI::App& app, int& exit_status);

// Prints what was loaded, resolved, to `out`, or what is wrong to `errors`. Gives the exit status.
int report_check(const config::Loaded& loaded, bool json, std::ostream& out, std::ostream& errors);

}  // namespace warmgate::cli
