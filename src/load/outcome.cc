#include "load/outcome.h"

#include <array>
#include <charconv>

namespace warmgate::load {

std::string_view name(Ending ending) {
  static constexpr std::array<std::string_view, kEndings> kNames = {
      "ok",         "wrong",    "redirected",     "refused_4xx", "refused_429", "refused_503",
      "failed_5xx", "not_sent", "connect_failed", "broken",      "timed_out",   "abandoned"};
  return kNames[static_cast<size_t>(ending)];
}

Ending ending_of(uint16_t status) {
  if (status >= 200 && status < 300) return Ending::ok;
  if (status == 429) return Ending::refused_429;
  if (status == 503) return Ending::refused_503;
  if (status >= 400 && status < 500) return Ending::refused_4xx;
  if (status >= 500) return Ending::failed_5xx;
  return Ending::redirected;
}

bool answered(Ending ending) {
  return ending < Ending::not_sent;
}

std::optional<double> parse_instance_age(std::string_view header) {
  constexpr std::string_view kKey = ";age=";
  const size_t begin = header.find(kKey);
  if (begin == std::string_view::npos) return std::nullopt;
  header.remove_prefix(begin + kKey.size());
  header = header.substr(0, header.find(';'));
  double seconds = 0;
  const auto [end, failure] =
      std::from_chars(header.data(), header.data() + header.size(), seconds);
  const bool whole = failure == std::errc{} && end == header.data() + header.size();
  return whole && seconds >= 0 ? std::optional(seconds) : std::nullopt;
}

}  // namespace warmgate::load
