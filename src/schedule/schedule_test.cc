#include "schedule/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace warmgate::schedule {
namespace {

using namespace std::chrono;
using testing::HasSubstr;

UtcSecond utc(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0) {
  return sys_days(year(y) / month(m) / day(d)) + hours(h) + minutes(min) + seconds(s);
}

WallMinute wall(int y, unsigned m, unsigned d, int h = 0, int min = 0) {
  return local_days(year(y) / month(m) / day(d)) + hours(h) + minutes(min);
}

Cron cron(const char* text) {
  const Result<Cron> parsed = Cron::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Cron{};
}

Window window(const char* start, const char* end, uint32_t instances = 1,
              const char* zone = "UTC") {
  const Result<Window> parsed = Window::parse({start, end, instances, zone});
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

// 22 November 2026 is a Sunday.
TEST(Cron, finds_the_next_minute) {
  const WallMinute sunday = wall(2026, 11, 22, 10, 30);
  EXPECT_EQ(cron("* * * * *").next(sunday), wall(2026, 11, 22, 10, 31));
  EXPECT_EQ(cron("30 10 * * *").next(sunday), wall(2026, 11, 23, 10, 30));
  EXPECT_EQ(cron("50 7 * * 1-5").next(sunday), wall(2026, 11, 23, 7, 50));
  EXPECT_EQ(cron("50 7 * * mon,WED").next(wall(2026, 11, 23, 8)), wall(2026, 11, 25, 7, 50));
  EXPECT_EQ(cron("*/15 * * * *").next(sunday), wall(2026, 11, 22, 10, 45));
  EXPECT_EQ(cron("5/20 8-10 * * *").next(sunday), wall(2026, 11, 22, 10, 45));
  EXPECT_EQ(cron("0 0 1 jan *").next(sunday), wall(2027, 1, 1));
  EXPECT_EQ(cron("0 0 29 2 *").next(sunday), wall(2028, 2, 29));
  EXPECT_EQ(cron("0 12 * * 7").next(sunday), wall(2026, 11, 22, 12));
  EXPECT_EQ(cron("0 12 * * 0").next(sunday), wall(2026, 11, 22, 12));
  EXPECT_EQ(cron("  0 12   * * sun ").next(sunday), wall(2026, 11, 22, 12));
}

TEST(Cron, of_two_kinds_of_days_either_is_enough) {
  const Cron both = cron("0 0 1 * 5");  // the first of a month, and Fridays
  EXPECT_EQ(both.next(wall(2026, 11, 22)), wall(2026, 11, 27));
  EXPECT_EQ(both.next(wall(2026, 11, 27)), wall(2026, 12, 1));
}

TEST(Cron, the_30th_of_february_never_comes) {
  EXPECT_EQ(cron("0 0 30 2 *").next(wall(2026, 11, 22)), std::nullopt);
}

TEST(Cron, says_what_is_wrong) {
  const auto error = [](const char* text) {
    const Result<Cron> parsed = Cron::parse(text);
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_THAT(error(""), HasSubstr("five fields"));
  EXPECT_THAT(error("0 8 * *"), HasSubstr("five fields"));
  EXPECT_THAT(error("0 8 * * * *"), HasSubstr("five fields"));
  EXPECT_THAT(error("60 8 * * *"),
              HasSubstr("the minute `60` must be `*` or numbers from 0 to 59"));
  EXPECT_THAT(error("0 24 * * *"), HasSubstr("the hour `24`"));
  EXPECT_THAT(error("0 0 0 * *"), HasSubstr("the day of the month `0`"));
  EXPECT_THAT(error("0 0 * 13 *"), HasSubstr("the month `13`"));
  EXPECT_THAT(error("0 0 * * monday"), HasSubstr("the day of the week `monday`"));
  EXPECT_THAT(error("5-1 0 * * *"), HasSubstr("the minute `5-1`"));
  EXPECT_THAT(error("*/0 0 * * *"), HasSubstr("the minute `*/0`"));
  EXPECT_THAT(error("1,,2 0 * * *"), HasSubstr("the minute `1,,2`"));
  EXPECT_THAT(error("1, 0 * * *"), HasSubstr("comma"));
  EXPECT_THAT(error("x 0 * * *"), HasSubstr("the minute `x`"));
  EXPECT_THAT(error("-1 0 * * *"), HasSubstr("the minute `-1`"));
}

// Against a search of every minute.
TEST(Cron, agrees_with_trying_every_minute) {
  for (const char* text : {"7 * * * *", "*/7 3,5-9/2 * * *", "0 0 31 * *", "59 23 28-31 2,3 *",
                           "1 1 13 * fri", "0 9-17 * 11-12 1-5"}) {
    const Cron tested = cron(text);
    const auto matches = [&](WallMinute at) { return tested.next(at - minutes(1)) == at; };
    std::optional<WallMinute> said = tested.next(wall(2026, 11, 20));
    for (WallMinute at = wall(2026, 11, 20, 0, 1); at < wall(2027, 4, 1); at += minutes(1)) {
      const bool is_it = said == at;
      ASSERT_EQ(matches(at), is_it) << text << ", minute " << at.time_since_epoch().count();
      if (is_it) said = tested.next(at);
    }
  }
}

TEST(Zone, knows_summer_time) {
  const Result<Zone> berlin = Zone::find("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().message;
  EXPECT_EQ(berlin->utc(wall(2026, 11, 22, 8)), utc(2026, 11, 22, 7));
  EXPECT_EQ(berlin->utc(wall(2026, 7, 1, 8)), utc(2026, 7, 1, 6));
  EXPECT_EQ(berlin->wall(utc(2026, 7, 1, 6, 0, 59)), wall(2026, 7, 1, 8));
  // 29 March 2026, 2:00 to 3:00 does not exist; 25 October, 2:00 to 3:00 exists twice.
  EXPECT_EQ(berlin->utc(wall(2026, 3, 29, 2, 30)), utc(2026, 3, 29, 1));
  EXPECT_EQ(berlin->utc(wall(2026, 10, 25, 2, 30)), utc(2026, 10, 25, 0, 30));
}

TEST(Zone, an_unknown_one_is_an_error) {
  const Result<Zone> zone = Zone::find("Europe/Atlantis");
  ASSERT_FALSE(zone);
  EXPECT_THAT(zone.error().message, HasSubstr("Europe/Atlantis"));
}

TEST(Window, is_open_from_start_to_end) {
  const Window office = window("0 8 * * 1-5", "0 18 * * 1-5");
  EXPECT_FALSE(office.open(utc(2026, 11, 22, 12)));  // Sunday
  EXPECT_FALSE(office.open(utc(2026, 11, 23, 7, 59, 59)));
  EXPECT_TRUE(office.open(utc(2026, 11, 23, 8)));
  EXPECT_TRUE(office.open(utc(2026, 11, 23, 17, 59, 59)));
  EXPECT_FALSE(office.open(utc(2026, 11, 23, 18)));
  const Window night = window("0 22 * * *", "0 6 * * *");
  EXPECT_TRUE(night.open(utc(2026, 11, 23, 1)));
  EXPECT_FALSE(night.open(utc(2026, 11, 23, 12)));
}

TEST(Window, closes_in_its_own_time_zone_where_the_clock_is_set_back) {
  const Window early = window("0 2 * * *", "30 2 * * *", 1, "Europe/Berlin");
  EXPECT_TRUE(early.open(utc(2026, 10, 25, 0, 15)));   // 2:15, summer time
  EXPECT_FALSE(early.open(utc(2026, 10, 25, 1, 15)));  // 2:15 once more
  EXPECT_EQ(early.next_change(utc(2026, 10, 25, 1, 15)), utc(2026, 10, 26, 1));
}

TEST(Window, refuses_what_never_comes) {
  const auto error = [](const char* start, const char* end, const char* zone = "UTC") {
    const Result<Window> parsed = Window::parse({start, end, 1, zone});
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_EQ(error("0 0 30 2 *", "0 1 * * *"), "start: `0 0 30 2 *` never comes");
  EXPECT_EQ(error("0 1 * * *", "0 0 31 4 *"), "end: `0 0 31 4 *` never comes");
  EXPECT_THAT(error("0 1 * *", "0 2 * * *"), HasSubstr("start: `0 1 * *` must have five fields"));
  EXPECT_THAT(error("0 1 * * *", "0 1 * * *"), HasSubstr("start and end are the same"));
  EXPECT_THAT(error("0 1 * * *", "0 2 * * *", "Mars"), HasSubstr("`Mars`"));
}

TEST(Outlook, tells_the_most_instances_and_the_next_change) {
  const std::vector<Window> windows = {window("0 8 * * *", "0 18 * * *", 1),
                                       window("0 12 * * *", "0 14 * * *", 3)};
  const Outlook morning = look_ahead(windows, utc(2026, 11, 23, 9));
  EXPECT_EQ(morning.instances, 1u);
  EXPECT_EQ(morning.next_change, utc(2026, 11, 23, 12));
  EXPECT_EQ(morning.next_instances, 3u);
  const Outlook noon = look_ahead(windows, utc(2026, 11, 23, 12));
  EXPECT_EQ(noon.instances, 3u);
  EXPECT_EQ(noon.next_change, utc(2026, 11, 23, 14));
  const Outlook evening = look_ahead(windows, utc(2026, 11, 23, 20));
  EXPECT_EQ(evening.instances, 0u);
  EXPECT_EQ(evening.next_change, utc(2026, 11, 24, 8));
  EXPECT_EQ(evening.next_instances, 1u);
}

TEST(Outlook, a_change_that_changes_nothing_is_none) {
  const std::vector<Window> windows = {window("0 8 * * *", "0 18 * * *", 2),
                                       window("0 12 * * *", "0 14 * * *", 1)};
  EXPECT_EQ(look_ahead(windows, utc(2026, 11, 23, 9)).next_change, utc(2026, 11, 23, 18));
  EXPECT_EQ(look_ahead({}, utc(2026, 11, 23, 9)).next_change, std::nullopt);
}

}  // namespace
}  // namespace warmgate::schedule
