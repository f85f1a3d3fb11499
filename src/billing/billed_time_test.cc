#include "billing/billed_time.h"

#include <gtest/gtest.h>

namespace warmgate::billing {
namespace {

constexpr Instant kStart{24h};
constexpr Duration kStep = 100ms;

Duration bill(std::initializer_list<std::pair<Duration, Duration>> intervals) {
  BilledTime time;
  for (const auto& [from, to] : intervals) {
    time.begin(kStart + from);
    time.end(kStart + to, kStep);
  }
  return time.total(kStart + 1h, kStep);
}

TEST(BilledTime, is_rounded_up_to_the_granularity) {
  EXPECT_EQ(bill({{0ms, 1ms}}), 100ms);
  EXPECT_EQ(bill({{0ms, 100ms}}), 100ms);
  EXPECT_EQ(bill({{0ms, 101ms}}), 200ms);
}

TEST(BilledTime, intervals_apart_are_rounded_each) {
  EXPECT_EQ(bill({{0ms, 10ms}, {500ms, 510ms}, {700ms, 850ms}}), 400ms);
}

TEST(BilledTime, what_begins_within_the_rounding_of_the_last_is_not_billed_twice) {
  EXPECT_EQ(bill({{0ms, 10ms}, {50ms, 60ms}}), 100ms);
  EXPECT_EQ(bill({{0ms, 10ms}, {50ms, 140ms}}), 200ms);
  EXPECT_EQ(bill({{0ms, 10ms}, {50ms, 60ms}, {99ms, 120ms}, {199ms, 201ms}}), 300ms);
  EXPECT_EQ(bill({{0ms, 10ms}, {100ms, 110ms}}), 200ms);
}

TEST(BilledTime, an_open_interval_counts_up_to_now) {
  BilledTime time;
  time.begin(kStart);
  EXPECT_EQ(time.total(kStart + 250ms, kStep), 300ms);
}

}  // namespace
}  // namespace warmgate::billing
