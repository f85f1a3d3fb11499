#include "plan/text.h"

#include <cmath>
#include <cstdio>

namespace warmgate::plan {
namespace {

std::string print(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

}  // namespace

std::string number(double value) {
  return print("%.6g", value);
}

std::string with_places(double value, int places) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", places, value);
  return text;
}

std::string whole(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string usd(double value) {
  if (value < 0.0995 && value > 0) return print("%.4f", value);
  if (value < 999.5) return print("%.2f", value);
  return whole(static_cast<uint64_t>(std::llround(value)));
}

std::string percent(double share) {
  return print("%.1f %%", 100 * share);
}

std::string nines(double target) {
  return print("%.7g", 100 * target) + " %";
}

}  // namespace warmgate::plan
