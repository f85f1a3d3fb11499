#include "http/instance_header.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "http/bytes.h"

namespace warmgate::http {
namespace {

constexpr double kMaxAgeSeconds = 1e9;  // thirty years; far from Duration's overflow

std::optional<Duration> parse_age(std::string_view text) {
  double seconds = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(seconds >= 0 && seconds <= kMaxAgeSeconds)) return std::nullopt;
  return from_seconds(seconds);
}

// Cuts the part before the next ';' off `rest`.
std::string_view take_part(std::string_view& rest) {
  const size_t semicolon = std::min(rest.find(';'), rest.size());
  const std::string_view part = rest.substr(0, semicolon);
  rest.remove_prefix(std::min(semicolon + 1, rest.size()));
  return trim(part);
}

}  // namespace

std::optional<InstanceReport> parse_instance(std::string_view value) {
  if (value.size() > kMaxInstanceValue) return std::nullopt;
  InstanceReport report{.id = take_part(value), .age = {}, .served = {}};
  const bool is_visible =
      std::all_of(report.id.begin(), report.id.end(), [](char c) { return c > ' ' && c != 0x7f; });
  if (report.id.empty() || report.id.size() > kMaxInstanceId || !is_visible) return std::nullopt;
  while (!value.empty()) {
    const std::string_view part = take_part(value);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(part.substr(0, equals));
    const std::string_view text = trim(part.substr(equals + 1));
    if (equals_lower(name, "age")) {
      report.age = parse_age(text);
    } else if (equals_lower(name, "served")) {
      report.served = parse_uint(text);
    }
  }
  return report;
}

std::string format_instance(std::string_view id, Duration age, uint64_t served) {
  const int64_t millis = std::max<int64_t>(age / 1ms, 0);
  std::string fraction = std::to_string(1000 + millis % 1000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  std::string text(id);
  text.append(";age=").append(std::to_string(millis / 1000));
  if (!fraction.empty()) text.append(".").append(fraction);
  return text.append(";served=").append(std::to_string(served));
}

}  // namespace warmgate::http
