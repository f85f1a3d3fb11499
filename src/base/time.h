// Time as a value: policy code takes an Instant as an argument and never asks a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warmgate {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

// The clock that Instants belong to. It deliberately has no now(): only net/ reads the real clock,
// and simulations make their own time.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

// A point in monotonic time. Its epoch has no meaning; only differences do.
using Instant = MonotonicClock::time_point;

inline constexpr Instant kNever = Instant::max();

constexpr double to_seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}
constexpr double to_millis(Duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}
constexpr Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

// Parses "250us", "500ms", "1.5s", "15m", "2h", "1d" and sums such as "1m30s".
// A bare number is refused ("0" excepted): a unit is part of the value. nullopt when not
// understood.
std::optional<Duration> parse_duration(std::string_view text);

// The shortest exact text that parse_duration reads back, such as "1m30s" or "1.5ms".
std::string format_duration(Duration d);

// Three digits for people to read: "0.41 ms", "34.2 ms", "3.05 s".
std::string format_latency(Duration latency);

}  // namespace warmgate
