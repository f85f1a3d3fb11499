// Log lines for people who run warmgate. Where they go is decided once, in cli/; base/ itself
// writes nothing, so tests can capture what was said.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace warmgate {

enum class LogLevel { debug, info, warning, error };

// `component` is a room such as "gateway"; `message` one sentence.
using LogSink = std::function<void(LogLevel, std::string_view component, std::string_view message)>;

// Not thread-safe: set it before the first thread starts. The sink itself must be thread-safe.
void set_log_sink(LogSink sink);
void log(LogLevel level, std::string_view component, std::string_view message);

inline void log_info(std::string_view component, std::string_view message) {
  log(LogLevel::info, component, message);
}
inline void log_warning(std::string_view component, std::string_view message) {
  log(LogLevel::warning, component, message);
}
inline void log_error(std::string_view component, std::string_view message) {
  log(LogLevel::error, component, message);
}

}  // namespace warmgate
