// Cron: the minutes that a line of five fields names, such as "50 7 * * 1-5".
//
// Form.    minute (0-59), hour (0-23), day of the month (1-31), month (1-12 or jan-dec), day of the
//          week (0-7 or sun-sat; 0 and 7 are Sunday). Each is `*` or a list of numbers and ranges,
//          with steps: "*/15", "8-18/2", "mon,wed,fri". Where both kinds of days are given, either
//          is enough.
// Time.    Of a wall clock, without a time zone: zone.h turns it into an instant.
// Bounds.  next() looks kYearsAhead ahead, and finds nothing in days that do not exist (30 feb).
// Source.  POSIX crontab; names and steps as in Vixie's cron.
#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace warmgate::schedule {

// Minutes since 1970 as the wall clock of some place shows them.
using WallMinute = std::chrono::local_time<std::chrono::minutes>;

class Cron {
 public:
  static constexpr int kYearsAhead = 8;  // 29 february may be that far away

  static Result<Cron> parse(std::string_view text);

  // The first minute after `after` that matches.
  std::optional<WallMinute> next(WallMinute after) const;

 private:
  bool day_matches(std::chrono::year_month_day day) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = true;      // the field of days is `*`
  bool any_weekday_ = true;  // likewise
};

}  // namespace warmgate::schedule
