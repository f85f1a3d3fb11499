#include "sim/event_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/prng.h"

namespace warmgate::sim {
namespace {

TEST(EventQueue, gives_back_by_time_and_at_equal_times_in_the_order_of_adding) {
  Prng prng(3);
  EventQueue queue;
  std::vector<std::pair<Instant, uint32_t>> expected;
  std::vector<std::pair<Instant, uint32_t>> popped;
  const auto pop = [&] {
    const EventQueue::Entry entry = queue.pop();
    popped.emplace_back(entry.at, entry.slot);
  };
  // Additions and removals mixed; what is popped early is below everything that is added later.
  Instant floor{};
  for (uint32_t i = 0; i < 20'000; ++i) {
    const Instant at = floor + Duration(static_cast<int64_t>(prng.below(50)));
    queue.push(at, Happening::answer, i);
    expected.emplace_back(at, i);
    if (prng.chance(0.45)) {
      floor = queue.next();
      pop();
    }
  }
  while (!queue.empty()) pop();
  std::stable_sort(expected.begin(), expected.end());
  EXPECT_EQ(popped, expected);
}

TEST(EventQueue, keeps_what_an_event_is_about) {
  EventQueue queue;
  EXPECT_EQ(queue.next(), kNever);
  queue.push(Instant{2s}, Happening::gives_up, 7, 9);
  queue.push(Instant{1s}, Happening::scale_tick);
  EXPECT_EQ(queue.next(), Instant{1s});
  EXPECT_EQ(queue.pop().what(), Happening::scale_tick);
  const EventQueue::Entry entry = queue.pop();
  EXPECT_EQ(entry.what(), Happening::gives_up);
  EXPECT_EQ(entry.slot, 7u);
  EXPECT_EQ(entry.check, 9u);
}

}  // namespace
}  // namespace warmgate::sim
