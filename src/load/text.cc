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

std::string format_seconds(Duration time) {
  return print("%.1f s", to_seconds(time));
}

std::string format_share(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  return print("%.1f %%", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace warmgate::load
