// Where the messages of base/log.h go: to standard error.
//
// Text.  For people: time, severity (in colour on a terminal), component, message.
// JSON.  For collectors, a line each: {"severity","time","message","component"}, as Cloud Logging
//        understands them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/log.h"

namespace warmgate::cli {

// Logging takes the messages for as long as it lives; its end writes what still waits.
//
// Thread.  Messages are written by a thread of its own, which takes no signals, so that a standard
//          error that nobody reads stops nothing.
// Bounds.  kMaxWaiting messages wait; beyond it the oldest are dropped.
class Logging {
 public:
  static constexpr size_t kMaxWaiting = 1024;

  Logging(bool json, LogLevel level);  // messages below `level` are dropped
  ~Logging();
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;
};

// The JSON line, without its end. `time` is seconds since 1970.
std::string json_log_line(LogLevel level, std::string_view component, std::string_view message,
                          double time);

}  // namespace warmgate::cli
