// The gateway's process: loop, logs, signals, admin listener, drain.
#pragma once

#include <string>

#include "config/config.h"

namespace warmgate::cli {

// Runs until SIGTERM or SIGINT and the drain that follows; a second signal ends it at once. Gives
// the exit status; what went wrong was said on standard error. `hints` about the configuration are
// logged.
int serve(const config::Config& config, const std::string& hints);

}  // namespace warmgate::cli
