#include "sim/job_table.h"

#include <gtest/gtest.h>

#include <map>

#include "base/prng.h"

namespace warmgate::sim {
namespace {

TEST(JobTable, finds_attempts_by_id_whatever_ids_came_since) {
  JobTable table;
  Prng prng(5);
  std::map<uint64_t, Slot> live;
  for (uint64_t id = 1; id <= 30'000; ++id) {
    live[id] = table.insert(policy::AttemptId{id});
    // Some live on for far more ids than the table has hints.
    while (live.size() > 20) {
      const auto victim =
          std::next(live.begin(), static_cast<std::ptrdiff_t>(5 + prng.below(live.size() - 5)));
      table.erase(victim->second);
      EXPECT_EQ(table.find(policy::AttemptId{victim->first}), kNoSlot);
      live.erase(victim);
    }
  }
  for (const auto& [id, slot] : live) {
    EXPECT_EQ(table.find(policy::AttemptId{id}), slot);
    EXPECT_EQ(table[slot].attempt.value, id);
  }
  EXPECT_EQ(live.begin()->first, 1u);
}

TEST(JobTable, an_event_about_a_job_that_is_gone_does_not_meet_its_successor) {
  JobTable table;
  const Slot slot = table.insert(policy::AttemptId{1});
  const uint32_t check = table[slot].check;
  ASSERT_NE(table.find(slot, check), nullptr);
  table.erase(slot);
  EXPECT_EQ(table.find(slot, check), nullptr);
  const Slot again = table.insert({});
  EXPECT_EQ(again, slot);
  EXPECT_EQ(table.find(slot, check), nullptr);
  EXPECT_EQ(table[again].status, 200);
}

}  // namespace
}  // namespace warmgate::sim
