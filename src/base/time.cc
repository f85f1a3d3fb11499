#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace warmgate {
namespace {

struct Unit {
  std::string_view name;
  Duration length;
};

// Longest first, so that formatting takes whole units from the left.
constexpr std::array<Unit, 7> kUnits = {
    {{"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}, {"us", 1us}, {"ns", 1ns}}};

// Three hundred years do not fit into int64 nanoseconds; a century does, and nobody means more.
constexpr double kLongestSeconds = 100.0 * 365 * 24 * 3600;

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double amount = 0;
    if (text.front() < '0' || text.front() > '9') return std::nullopt;
    auto [end, failure] =
        std::from_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    size_t length = text.find_first_of("0123456789.");
    const Unit* unit = find_unit(text.substr(0, length));
    if (unit == nullptr) return std::nullopt;
    seconds += amount * to_seconds(unit->length);
    if (seconds > kLongestSeconds) return std::nullopt;
    text.remove_prefix(unit->name.size());
  }
  return Duration(static_cast<int64_t>(seconds * 1e9 + 0.5));
}

std::string format_duration(Duration d) {
  if (d == Duration::zero()) return "0s";
  std::string out;
  if (d < Duration::zero()) {
    out = "-";
    d = -d;
  }
  for (const Unit& unit : kUnits) {
    int64_t count = d / unit.length;
    if (count == 0) continue;
    out += std::to_string(count);
    out += unit.name;
    d -= count * unit.length;
  }
  return out;
}

std::string format_latency(Duration latency) {
  const double ms = to_millis(latency);
  const bool in_ms = ms < 999.5;
  const double value = in_ms ? ms : ms / 1'000;
  const int places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  char text[40];
  std::snprintf(text, sizeof(text), "%.*f %s", places, value, in_ms ? "ms" : "s");
  return text;
}

}  // namespace warmgate
