#include "load/text.h"

#include <cstdio>

namespace warmgate::load {
namespace {

std::string print(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

}  // namespace

std::string format_latency(Duration latency) {
  const double ms = to_millis(latency);
  if (ms < 9.995) return print("%.2f ms", ms);
  if (ms < 99.95) return print("%.1f ms", ms);
  if (ms < 999.5) return print("%.0f ms", ms);
  return print(ms < 9'995 ? "%.2f s" : ms < 99'950 ? "%.1f s" : "%.0f s", ms / 1'000);
}

std::string format_seconds(Duration time) {
  return print("%.1f s", to_seconds(time));
}

std::string format_share(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  return print("%.1f %%", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace warmgate::load
