#include "workload/log_entry.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "workload/bad_rows.h"

namespace warmgate::workload {
namespace {

using Json = nlohmann::json;

constexpr double kLongestSeconds = 86'400;  // of a request

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// `count` digits at the front of `text`, which are taken away; nullopt when they are not there.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  const auto value = parse_uint(text.substr(0, count));
  if (!value) return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*value);
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

struct Clock {
  int hour = 0, minute = 0, second = 0;
};

// "13:55:36"
std::optional<Clock> take_clock(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Clock{*hour, *minute, *second};
}

// "-0700" or "-07:00", in seconds.
std::optional<int> take_offset(std::string_view& text) {
  const bool behind = !text.empty() && text.front() == '-';
  if (!take(text, '-') && !take(text, '+')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  take(text, ':');
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes) return std::nullopt;
  return (behind ? -1 : 1) * (*hours * 3600 + *minutes * 60);
}

std::optional<double> seconds_since_1970(int year, int month, int day, const Clock& clock) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const auto days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  return days * 86'400 + clock.hour * 3'600 + clock.minute * 60 + clock.second;
}

std::optional<std::string> text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

// A number, or a text of one, as Cloud Logging writes 64-bit numbers.
std::optional<double> number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_number()) return found->get<double>();
  return found->is_string() ? parse_number(found->get<std::string>()) : std::nullopt;
}

// "0.123456s"
std::optional<double> latency_of(const Json& http) {
  auto text = text_at(http, "latency");
  if (!text || !text->ends_with('s')) return std::nullopt;
  text->pop_back();
  const auto seconds = parse_number(*text);
  return seconds && *seconds >= 0 && *seconds <= kLongestSeconds ? seconds : std::nullopt;
}

uint32_t size_of(const Json& http) {
  const double bytes = number_at(http, "requestSize").value_or(0);
  return bytes >= 0 && bytes <= UINT32_MAX ? static_cast<uint32_t>(bytes) : 0;
}

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// "10/Oct/2000:13:55:36 -0700"
std::optional<double> parse_nginx_time(std::string_view text) {
  const auto day = take_digits(text, 2);
  if (!day || !take(text, '/') || text.size() < 3) return std::nullopt;
  int month = 0;
  while (month < 12 && kMonths[static_cast<size_t>(month)] != text.substr(0, 3)) ++month;
  text.remove_prefix(3);
  if (month == 12 || !take(text, '/')) return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, ':')) return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock || !take(text, ' ')) return std::nullopt;
  const auto offset = take_offset(text);
  const auto seconds = seconds_since_1970(*year, month + 1, *day, *clock);
  return offset && seconds ? std::optional(*seconds - *offset) : std::nullopt;
}

// What stands after the quoted user agent, the last field of the combined format.
std::string_view after_combined(std::string_view line) {
  for (int quotes = 0; quotes < 6; ++quotes) {
    size_t quote = line.find('"');
    while (quote != std::string_view::npos && quote > 0 && line[quote - 1] == '\\') {
      quote = line.find('"', quote + 1);
    }
    if (quote == std::string_view::npos) return {};
    line.remove_prefix(quote + 1);
  }
  return line;
}

std::optional<double> request_time_in(std::string_view extra) {
  while (!(extra = trim(extra)).empty()) {
    const size_t space = extra.find(' ');
    std::string_view word = extra.substr(0, space);
    extra.remove_prefix(word.size());
    const size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      const std::string_view key = word.substr(0, equals);
      if (key != "rt" && key != "request_time") continue;
      word.remove_prefix(equals + 1);
    }
    if (word.size() >= 2 && word.front() == '"') word = word.substr(1, word.size() - 2);
    const auto seconds =
        word.find('.') == std::string_view::npos ? std::nullopt : parse_number(word);
    if (seconds && *seconds >= 0 && *seconds <= kLongestSeconds) return seconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || (!take(text, 'T') && !take(text, 't') && !take(text, ' '))) return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock) return std::nullopt;
  double fraction = 0;
  if (!text.empty() && text.front() == '.') {
    size_t digits = 1;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    const auto parsed = parse_number("0" + std::string(text.substr(0, digits)));
    if (!parsed) return std::nullopt;
    fraction = *parsed;
    text.remove_prefix(digits);
  }
  const auto offset = text == "Z" || text == "z" ? 0 : take_offset(text);
  const auto seconds = seconds_since_1970(*year, *month, *day, *clock);
  return offset && seconds ? std::optional(*seconds + fraction - *offset) : std::nullopt;
}

Result<LogEntry> parse_json_log(std::string_view text) {
  const Json entry = Json::parse(text, nullptr, false);
  if (!entry.is_object()) return Error{"not a JSON object"};
  const auto http = entry.find("httpRequest");
  if (http == entry.end() || !http->is_object()) return Error{"no httpRequest: not a request"};
  const auto payload = entry.find("jsonPayload");
  const bool exported = payload != entry.end() && payload->is_object();
  const auto queued_ms = number_at(exported ? *payload : entry, "queuedMs");
  const auto end = text_at(entry, "time");
  const auto stamp = end ? end : text_at(entry, "timestamp");
  const auto at = stamp ? parse_rfc3339(*stamp) : std::nullopt;
  if (!at) return Error{"no time or timestamp such as 2026-11-22T10:00:00.5Z"};

  LogEntry result{.arrived = *at, .bytes = size_of(*http)};
  const auto latency = latency_of(*http);
  if (!latency) return result;
  // A request counts from when its body was here.
  const double body = number_at(exported ? *payload : entry, "bodyMs").value_or(0) / 1000;
  const bool ends_then = end.has_value() || queued_ms.has_value();
  if (ends_then) result.arrived -= *latency;
  const auto pool = text_at(exported ? *payload : entry, "pool");
  const double queued = queued_ms.value_or(0) / 1000;
  // What the gateway answered itself says nothing about the model.
  if (body < 0 || queued < 0 || body + queued > *latency) return result;
  if (ends_then) result.arrived += body;
  if (pool != "gateway") result.service_s = *latency - body - queued;
  return result;
}

Result<LogEntry> parse_nginx_log(std::string_view line) {
  const size_t open = line.find('[');
  const size_t close = open == std::string_view::npos ? open : line.find(']', open);
  if (close == std::string_view::npos) return Error{"no [time], as nginx's combined format has it"};
  const std::string_view time = line.substr(open + 1, close - open - 1);
  const auto at = parse_nginx_time(time);
  if (!at) return Error{"the time is " + quoted(time) + ", not like 10/Oct/2026:13:55:36 +0000"};
  LogEntry entry{.arrived = *at, .resolution_s = 1};
  entry.service_s = request_time_in(after_combined(line));
  entry.arrived -= entry.service_s.value_or(0);
  return entry;
}

}  // namespace warmgate::workload
