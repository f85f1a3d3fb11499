#include "schedule/cron.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>
#include <string>

namespace warmgate::schedule {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

// One of the five fields.
struct Field {
  std::string_view what;
  int least;
  int most;
  std::span<const std::string_view> names;  // of the numbers from `least` on
};

constexpr Field kMinute{"minute", 0, 59, {}};
constexpr Field kHour{"hour", 0, 23, {}};
constexpr Field kDay{"day of the month", 1, 31, {}};
constexpr Field kMonth{"month", 1, 12, kMonths};
constexpr Field kWeekday{"day of the week", 0, 7, kWeekdays};

using Numbers = std::bitset<64>;

// Takes what stands before `separator`, and the separator, off the front.
std::string_view take(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return front;
}

std::optional<int> number(std::string_view text, const Field& field) {
  const auto same = [text](std::string_view name) {
    return std::ranges::equal(text, name,
                              [](unsigned char a, char b) { return std::tolower(a) == b; });
  };
  const auto named = std::ranges::find_if(field.names, same);
  if (named != field.names.end()) {
    return field.least + static_cast<int>(named - field.names.begin());
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < field.least || value > field.most) return std::nullopt;
  return value;
}

// "*", "8", "8-18", each perhaps with "/2".
bool add_item(std::string_view item, const Field& field, Numbers& numbers) {
  const bool stepped = item.find('/') != std::string_view::npos;
  std::string_view range = take(item, '/');
  int step = 1;
  if (stepped) {
    const auto given = number(item, {"step", 1, field.most, {}});
    if (!given) return false;
    step = *given;
  }
  int first = field.least;
  int last = field.most;
  if (range != "*") {
    const bool open = range.find('-') == std::string_view::npos;
    const auto from = number(take(range, '-'), field);
    const auto to = open ? from : number(range, field);
    if (!from || !to || *to < *from) return false;
    first = *from;
    last = open && stepped ? field.most : *to;
  }
  for (int value = first; value <= last; value += step) {
    numbers.set(static_cast<size_t>(value));
  }
  return true;
}

std::optional<Error> read_field(std::string_view text, const Field& field, Numbers& numbers) {
  std::string_view rest = text;
  do {
    if (!add_item(take(rest, ','), field, numbers)) {
      return Error{"the " + std::string(field.what) + " `" + std::string(text) +
                   "` must be `*` or numbers from " + std::to_string(field.least) + " to " +
                   std::to_string(field.most) + ", such as `" + std::to_string(field.least) +
                   "`, `1-5`, `1,3` or `*/2`"};
    }
  } while (!rest.empty());
  if (text.ends_with(',')) return Error{"the " + std::string(field.what) + " ends with a comma"};
  return std::nullopt;
}

template <size_t N>
void keep(const Numbers& numbers, std::bitset<N>& into) {
  for (size_t i = 0; i < N; ++i) into.set(i, numbers.test(i));
}

// The first set bit from `from` on; N when there is none.
template <size_t N>
size_t first_from(const std::bitset<N>& bits, size_t from) {
  while (from < N && !bits.test(from)) ++from;
  return from;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  constexpr std::array kFields = {&kMinute, &kHour, &kDay, &kMonth, &kWeekday};
  std::array<Numbers, kFields.size()> numbers;
  std::array<std::string_view, kFields.size()> words;
  size_t count = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view word = take(rest, ' ');
    if (word.empty()) continue;
    if (count < words.size()) words[count] = word;
    ++count;
  }
  if (count != words.size()) {
    return Error{"`" + std::string(text) +
                 "` must have five fields: minute, hour, day of the month, month, day of the "
                 "week, such as `0 8 * * 1-5`"};
  }
  for (size_t i = 0; i < words.size(); ++i) {
    if (auto error = read_field(words[i], *kFields[i], numbers[i])) return *error;
  }
  if (numbers[4].test(7)) numbers[4].set(0);  // both are Sunday
  Cron cron;
  keep(numbers[0], cron.minutes_);
  keep(numbers[1], cron.hours_);
  keep(numbers[2], cron.days_);
  keep(numbers[3], cron.months_);
  keep(numbers[4], cron.weekdays_);
  cron.any_day_ = words[2].starts_with('*');
  cron.any_weekday_ = words[4].starts_with('*');
  return cron;
}

bool Cron::day_matches(year_month_day day) const {
  const bool in_days = days_.test(static_cast<unsigned>(day.day()));
  const bool in_weekdays = weekdays_.test(weekday(local_days(day)).c_encoding());
  return any_day_ || any_weekday_ ? in_days && in_weekdays : in_days || in_weekdays;
}

std::optional<WallMinute> Cron::next(WallMinute after) const {
  const WallMinute from = after + minutes(1);
  local_days day = floor<days>(from);
  const local_days end = day + days(366 * kYearsAhead);
  auto since_midnight = static_cast<size_t>((from - day).count());
  for (; day < end; day += days(1), since_midnight = 0) {
    const year_month_day date(day);
    if (!months_.test(static_cast<unsigned>(date.month())) || !day_matches(date)) continue;
    size_t minute = since_midnight % 60;
    for (size_t hour = first_from(hours_, since_midnight / 60); hour < 24;
         hour = first_from(hours_, hour + 1)) {
      minute = first_from(minutes_, hour == since_midnight / 60 ? minute : 0);
      if (minute < 60) return day + hours(hour) + minutes(minute);
    }
  }
  return std::nullopt;
}

}  // namespace warmgate::schedule
