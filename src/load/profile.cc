#include "load/profile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "base/text.h"

namespace warmgate::load {
namespace {

constexpr std::string_view kHelp =
    "a phase is \"10/s for 5s\", \"ramp 10/s..80/s over 10s\", \"burst 40\" or \"quiet 20s\"";

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trim(text)).empty()) {
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::optional<Duration> parse_length(std::string_view text) {
  const auto length = parse_duration(text);
  if (!length || *length <= 0s || *length > kMaxLength) return std::nullopt;
  return length;
}

std::optional<Phase> parse_steady(std::string_view rate_text, std::string_view length_text) {
  const auto rate = parse_rate(rate_text);
  const auto length = parse_length(length_text);
  if (!rate || !length) return std::nullopt;
  return Phase{.from = *rate, .to = *rate, .length = *length};
}

std::optional<Phase> parse_ramp(std::string_view rates, std::string_view length_text) {
  const size_t dots = rates.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto from = parse_rate(rates.substr(0, dots));
  const auto to = parse_rate(rates.substr(dots + 2));
  const auto length = parse_length(length_text);
  if (!from || !to || !length) return std::nullopt;
  return Phase{.from = *from, .to = *to, .length = *length};
}

std::optional<Phase> parse_phase(std::string_view text) {
  const auto words = split_words(text);
  if (words.size() == 2 && words[0] == "burst") {
    const auto count = parse_uint(words[1]);
    if (!count || *count == 0 || *count > kMaxBurst) return std::nullopt;
    return Phase{.burst = *count};
  }
  if (words.size() == 2 && words[0] == "quiet") {
    const auto length = parse_length(words[1]);
    if (!length) return std::nullopt;
    return Phase{.length = *length};
  }
  if (words.size() == 3 && words[1] == "for") return parse_steady(words[0], words[2]);
  if (words.size() == 4 && words[0] == "ramp" && words[2] == "over") {
    return parse_ramp(words[1], words[3]);
  }
  return std::nullopt;
}

// The text up to the next separator; `text` goes on behind it.
std::string_view take_phase(std::string_view& text) {
  const size_t end = std::min(text.find_first_of(",;\n"), text.size());
  const std::string_view phase = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return phase;
}

std::string without_comments(std::string_view text) {
  std::string out;
  bool comment = false;
  for (char c : text) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (!comment && c != '\r') out += c;
  }
  return out;
}

}  // namespace

std::optional<double> parse_rate(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto number = parse_number(text.substr(0, slash));
  const std::string_view unit = text.substr(slash + 1);
  const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (!number || seconds == 0) return std::nullopt;
  const double rate = *number / seconds;
  const bool in_range = rate >= 0 && rate <= kMaxRate;  // false for "nan" too
  return in_range ? std::optional(rate) : std::nullopt;
}

Result<Profile> parse_profile(std::string_view text) {
  const std::string clean = without_comments(text);
  std::string_view rest = clean;
  Profile profile;
  double requests = 0;
  while (!rest.empty()) {
    const std::string_view part = trim(take_phase(rest));
    if (part.empty()) continue;
    const auto phase = parse_phase(part);
    if (!phase) {
      return Error{"phase " + std::to_string(profile.size() + 1) + " of the profile, \"" +
                   std::string(part) + "\", is not understood: " + std::string(kHelp)};
    }
    requests += (phase->from + phase->to) / 2 * to_seconds(phase->length) +
                static_cast<double>(phase->burst);
    profile.push_back(*phase);
  }
  if (profile.empty()) return Error{"the profile is empty: " + std::string(kHelp)};
  if (requests <= 0) return Error{"the profile sends no request: " + std::string(kHelp)};
  if (length_of(profile) > kMaxLength) return Error{"the profile is longer than a year"};
  return profile;
}

Duration length_of(const Profile& profile) {
  double seconds = 0;
  for (const Phase& phase : profile) seconds += to_seconds(phase.length);
  return from_seconds(std::min(seconds, 2 * to_seconds(kMaxLength)));
}

ProfileArrivals::ProfileArrivals(Profile profile, Spacing spacing, uint64_t seed)
    : profile_(std::move(profile)), spacing_(spacing), prng_(seed) {
  mark_ = spacing_ == Spacing::even ? 0.5 : prng_.exponential(1);
  if (!profile_.empty()) burst_left_ = profile_.front().burst;
}

double ProfileArrivals::demand_of(const Phase& phase) const {
  return (phase.from + phase.to) / 2 * to_seconds(phase.length);
}

void ProfileArrivals::draw() {
  mark_ += spacing_ == Spacing::even ? 1.0 : prng_.exponential(1);
}

void ProfileArrivals::enter_next_phase() {
  mark_ -= demand_of(profile_[phase_]);
  phase_start_ += profile_[phase_].length;
  if (++phase_ < profile_.size()) burst_left_ = profile_[phase_].burst;
}

std::optional<Duration> ProfileArrivals::next() {
  for (; phase_ < profile_.size(); enter_next_phase()) {
    if (burst_left_ > 0) {
      --burst_left_;
      return phase_start_;
    }
    const Phase& phase = profile_[phase_];
    if (mark_ >= demand_of(phase)) continue;
    // The time t at which from*t + (to - from)*t^2 / (2*length) passes the mark, in the form that
    // stays exact when the slope is near zero.
    const double slope = (phase.to - phase.from) / to_seconds(phase.length);
    const double root = std::sqrt(std::max(phase.from * phase.from + 2 * slope * mark_, 0.0));
    const Duration at = from_seconds(2 * mark_ / (phase.from + root));
    draw();
    return phase_start_ + std::min(at, phase.length);
  }
  return std::nullopt;
}

}  // namespace warmgate::load
