#include "cli/logging.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

namespace warmgate::cli {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

const char* severity(LogLevel level) {
  constexpr const char* kNames[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
  return kNames[static_cast<size_t>(level)];
}

// RFC 3339 in UTC, with microseconds.
std::string format_time(double time) {
  const double whole = std::floor(time);
  const std::time_t seconds = static_cast<std::time_t>(whole);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32], text[48];
  std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text, sizeof(text), "%s.%06dZ", date, static_cast<int>((time - whole) * 1e6));
  return text;
}

double wall_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace

std::string json_log_line(LogLevel level, std::string_view component, std::string_view message,
                          double time) {
  const nlohmann::ordered_json line = {{"severity", severity(level)},
                                       {"time", format_time(time)},
                                       {"message", message},
                                       {"component", component}};
  // A message may quote what a peer sent.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Logging::Logging(bool json, LogLevel level) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits the mask
  spdlog::init_thread_pool(kMaxWaiting, 1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  auto logger = std::make_shared<spdlog::async_logger>(
      "warmgate", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(), spdlog::thread_pool(),
      spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(spdlog_level(level));
  logger->set_pattern(json ? "%v" : "%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  set_log_sink([logger, json](LogLevel at, std::string_view component, std::string_view message) {
    if (!logger->should_log(spdlog_level(at))) return;
    if (json) {
      logger->log(spdlog_level(at), json_log_line(at, component, message, wall_seconds()));
    } else {
      logger->log(spdlog_level(at), "{}: {}", component, message);
    }
  });
}

Logging::~Logging() {
  set_log_sink({});
  spdlog::shutdown();
}

}  // namespace warmgate::cli
