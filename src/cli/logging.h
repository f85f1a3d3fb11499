// Where the messages of base/log.h go: to standard error.
//
// Text.  For people: time, severity (in colour on a terminal), component, message.
// JSON.  For collectors, a line each: {"severity","time","message","component"}, as Cloud Logging
//        understands them.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"

namespace warmgate::cli {

// Messages below `level` are dropped. Call it before the first thread starts.
void start_logging(bool json, LogLevel level);

// The JSON line, without its end. `time` is seconds since 1970.
std::string json_log_line(LogLevel level, std::string_view component, std::string_view message,
                          double time);

}  // namespace warmgate::cli
