// SlabMap, InstantHeap and AdmissionQueue against plain models.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "base/prng.h"
#include "policy/admission_queue.h"

namespace warmgate::policy {
namespace {

TEST(SlabMap, behaves_as_a_map_and_uses_slots_again) {
  Prng prng(1);
  SlabMap<RequestId, uint64_t> slab;
  std::map<uint64_t, Slot> model;
  Slot highest = 0;
  for (uint64_t id = 1; id < 20'000; ++id) {
    const Slot slot = slab.insert(RequestId{id}, id * 3);
    highest = std::max(highest, slot);
    model[id] = slot;
    while (model.size() > 100 || (!model.empty() && prng.chance(0.3))) {
      auto victim = model.lower_bound(prng.below(id) + 1);
      if (victim == model.end()) victim = model.begin();
      ASSERT_EQ(slab[victim->second], victim->first * 3);
      slab.erase(victim->second);
      ASSERT_EQ(slab.find(RequestId{victim->first}), kNoSlot);
      model.erase(victim);
    }
    ASSERT_EQ(slab.size(), model.size());
    for (const auto& [key, value] : model) ASSERT_EQ(slab.find(RequestId{key}), value);
  }
  EXPECT_LE(highest, 101u);
  EXPECT_EQ(slab.find(RequestId{}), kNoSlot);
}

TEST(SlabMap, constructs_and_destroys_each_record_once) {
  const auto life = std::make_shared<int>();  // one more owner for each record that is alive
  {
    SlabMap<RequestId, std::shared_ptr<int>> slab;
    for (uint64_t id = 1; id <= 200; ++id) slab.insert(RequestId{id}, life);
    EXPECT_EQ(life.use_count(), 201);
    for (uint64_t id = 1; id <= 100; ++id) slab.erase(slab.find(RequestId{id}));
    EXPECT_EQ(life.use_count(), 101);
    slab.insert(RequestId{300}, life);
    EXPECT_EQ(life.use_count(), 102);
  }
  EXPECT_EQ(life.use_count(), 1);
}

TEST(InstantHeap, gives_the_earliest_ties_by_id_and_removes_any) {
  Prng prng(2);
  InstantHeap heap;
  std::set<std::tuple<Instant, uint64_t, Slot>> model;
  std::map<Slot, std::pair<Instant, uint64_t>> held;
  for (uint64_t id = 1; id < 5000; ++id) {
    const Slot slot = static_cast<Slot>(prng.below(200));
    if (held.contains(slot)) {
      heap.remove(slot);
      model.erase({held[slot].first, held[slot].second, slot});
      held.erase(slot);
    } else {
      const Instant at{std::chrono::seconds(prng.below(20))};
      heap.push(slot, at, id);
      model.insert({at, id, slot});
      held[slot] = {at, id};
    }
    heap.check_invariants();
    ASSERT_EQ(heap.size(), model.size());
    if (model.empty()) continue;
    ASSERT_EQ(heap.front().slot, std::get<2>(*model.begin()));
    ASSERT_EQ(heap.next(), std::get<0>(*model.begin()));
  }
}

AdmissionQueue::Waiter waiter(uint64_t id, Duration deadline, Duration expires, uint64_t bytes) {
  return {RequestId{id}, Instant{deadline}, Instant{expires}, bytes};
}

TEST(AdmissionQueue, is_bounded_in_requests_and_bytes) {
  QueueSettings settings;
  settings.max_requests = 2;
  settings.max_bytes = 100;
  AdmissionQueue queue(settings);
  EXPECT_TRUE(queue.has_room(100));
  EXPECT_FALSE(queue.has_room(101));
  queue.push(0, waiter(1, 1s, 2s, 60), Lane::on_time);
  EXPECT_TRUE(queue.has_room(40));
  EXPECT_FALSE(queue.has_room(41));
  EXPECT_FALSE(queue.has_room(UINT64_MAX));
  queue.push(1, waiter(2, 1s, 2s, 0), Lane::on_time);
  EXPECT_FALSE(queue.has_room(0));
  queue.remove(0);
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_TRUE(queue.has_room(100));
}

TEST(AdmissionQueue, orders_each_lane_by_deadline_and_all_by_expiry) {
  AdmissionQueue queue(QueueSettings{});
  queue.push(0, waiter(1, 5s, 50s, 1), Lane::on_time);
  queue.push(1, waiter(2, 3s, 90s, 1), Lane::on_time);
  queue.push(2, waiter(3, 1s, 70s, 1), Lane::late);
  queue.check_invariants();
  EXPECT_EQ(queue.front(Lane::on_time), 1u);
  EXPECT_EQ(queue.front(Lane::late), 2u);
  EXPECT_EQ(queue.front(Lane::serverless_only), kNoSlot);
  EXPECT_EQ(queue.first_to_expire(), 0u);
  queue.move(1, Lane::late);
  EXPECT_EQ(queue.front(Lane::on_time), 0u);
  EXPECT_EQ(queue.front(Lane::late), 2u);
  queue.set_expiry(1, Instant{10s});
  EXPECT_EQ(queue.first_to_expire(), 1u);
  queue.remove(1);
  queue.check_invariants();
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.next_expiry(), Instant{50s});
}

}  // namespace
}  // namespace warmgate::policy
