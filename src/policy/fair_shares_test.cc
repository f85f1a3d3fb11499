#include "policy/fair_shares.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/prng.h"
#include "policy/overload_world.h"
#include "policy/random_world.h"
#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

FairShares shares_on() {
  FairShares shares;
  shares.switch_on();
  return shares;
}

FairShares::Waiter waiter(uint64_t key, uint64_t id, Duration deadline = 1s,
                          Lane lane = Lane::on_time) {
  return {key, lane, Instant{deadline}, id};
}

// Who is served, in order; slots are named by their ids.
std::string order(FairShares& shares) {
  std::string order;
  for (Slot slot = shares.next(Lane::on_time); slot != kNoSlot; slot = shares.next(Lane::on_time)) {
    order += std::to_string(slot) + " ";
    shares.served(slot);
    shares.check_invariants();
  }
  return order;
}

TEST(FairShares, keys_take_turns_and_a_turn_goes_by_deadline) {
  FairShares shares = shares_on();
  for (uint64_t id = 1; id <= 4; ++id) shares.enter(Slot(id), waiter(100, id, 1s));
  shares.enter(5, waiter(200, 5, 2s));
  shares.enter(6, waiter(200, 6, 500ms));
  EXPECT_EQ(order(shares), "6 1 2 5 3 4 ");
}

TEST(FairShares, one_key_is_served_by_deadline_alone) {
  FairShares shares = shares_on();
  shares.enter(1, waiter(7, 1, 3s));
  shares.enter(2, waiter(7, 2, 1s));
  shares.enter(3, waiter(7, 3, 2s));
  EXPECT_EQ(order(shares), "2 3 1 ");
}

// Who comes back as soon as he is served does not go before those who wait.
TEST(FairShares, nobody_gains_by_having_one_request_at_a_time) {
  FairShares shares = shares_on();
  for (uint64_t id = 1; id <= 3; ++id) shares.enter(Slot(id), waiter(100, id, 1s));
  std::map<uint64_t, int> served;
  uint64_t id = 10;
  shares.enter(Slot(id), waiter(200, id, 900ms));
  for (int i = 0; i < 6; ++i) {
    const Slot next = shares.next(Lane::on_time);
    ++served[next >= 10 ? 200 : 100];
    shares.served(next);
    if (next < 10) continue;
    ++id;
    shares.enter(Slot(id), waiter(200, id, 900ms));
  }
  EXPECT_EQ(served[100], 3);
  EXPECT_EQ(served[200], 3);
}

TEST(FairShares, counts_those_that_come_before_a_further_request) {
  FairShares shares = shares_on();
  for (uint64_t id = 1; id <= 10; ++id) shares.enter(Slot(id), waiter(100, id));
  shares.enter(11, waiter(200, 11));
  shares.enter(12, waiter(200, 12, 1s, Lane::late));
  EXPECT_EQ(shares.ahead(100, Lane::on_time), 11u);
  EXPECT_EQ(shares.ahead(200, Lane::on_time), 3u);  // two of the crowd, one of its own
  EXPECT_EQ(shares.ahead(200), 5u);
  EXPECT_EQ(shares.ahead(300, Lane::on_time), 2u);
}

TEST(FairShares, the_last_of_the_largest_yields_unless_that_would_not_bring_them_closer) {
  FairShares shares = shares_on();
  for (uint64_t id = 1; id <= 3; ++id) shares.enter(Slot(id), waiter(100, id));
  EXPECT_EQ(shares.last_of_largest(100), kNoSlot);
  EXPECT_EQ(shares.last_of_largest(200), 3u);
  shares.enter(4, waiter(200, 4));
  EXPECT_EQ(shares.last_of_largest(200), 3u);  // then it is two and two
  shares.left(3);
  EXPECT_EQ(shares.last_of_largest(200), kNoSlot);
}

TEST(FairShares, keeps_its_chains_whatever_comes_and_goes) {
  Prng prng(3);
  FairShares shares = shares_on();
  std::map<Slot, uint64_t> held;
  for (uint64_t id = 1; id < 5'000; ++id) {
    const Slot slot = static_cast<Slot>(prng.below(100));
    if (held.contains(slot)) {
      const uint64_t how = prng.below(3);
      if (how == 2) {
        shares.move(slot, static_cast<Lane>(prng.below(kLaneCount)));
      } else {
        how == 0 ? shares.served(slot) : shares.left(slot);
        held.erase(slot);
      }
    } else {
      shares.enter(slot, waiter(prng.below(30), id, std::chrono::seconds(prng.below(20)),
                                static_cast<Lane>(prng.below(kLaneCount))));
      held[slot] = id;
    }
    shares.check_invariants();
    ASSERT_EQ(shares.empty(), held.empty());
  }
}

// ---- in the policy

RequestArrived of_key(uint64_t id, uint64_t key, Priority priority = Priority::high) {
  return {.request = RequestId{id}, .priority = priority, .key = key};
}

ServiceSettings fair_service() {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  settings.queue.fair = true;
  return settings;
}

TEST(FairQueue, slots_go_to_the_keys_in_turn) {
  for (const bool fair : {false, true}) {
    ServiceSettings settings = fair_service();
    settings.queue.fair = fair;
    Script script(settings);
    script.fill(1, 2);
    for (uint64_t id = 11; id <= 14; ++id) script.tell(of_key(id, 100));
    script.tell(of_key(21, 200));
    script.answer(1);
    EXPECT_TRUE(script.started(11));
    script.answer(2);
    EXPECT_EQ(script.started(21).has_value(), fair);
    EXPECT_EQ(script.started(12).has_value(), !fair);
  }
}

TEST(FairQueue, a_full_queue_makes_room_by_the_last_of_the_largest_key) {
  ServiceSettings settings = fair_service();
  settings.queue.max_requests = 3;
  Script script(settings);
  script.fill(1, 2);
  for (uint64_t id = 11; id <= 13; ++id) script.tell(of_key(id, 100));
  script.tell(of_key(21, 200));
  EXPECT_TRUE(script.waits(21));
  ASSERT_TRUE(script.rejected(13));
  EXPECT_EQ(script.rejected(13)->reason, RejectReason::over_share);
  EXPECT_EQ(script.rejected(13)->status, 429);
  script.tell(of_key(22, 200));
  EXPECT_EQ(script.rejected(22)->reason, RejectReason::queue_full);
  script.tell(of_key(14, 100));
  EXPECT_EQ(script.rejected(14)->reason, RejectReason::queue_full);
  EXPECT_EQ(script.status().rejects_by_reason[static_cast<size_t>(RejectReason::over_share)], 1u);
}

TEST(FairQueue, low_priority_takes_no_place_from_high) {
  ServiceSettings settings = fair_service();
  settings.queue.max_requests = 3;
  Script script(settings);
  script.fill(1, 2);
  for (uint64_t id = 11; id <= 13; ++id) script.tell(of_key(id, 100));
  script.tell(of_key(21, 200, Priority::low));
  EXPECT_EQ(script.rejected(21)->reason, RejectReason::queue_full);
}

TEST(FairQueue, who_would_be_late_behind_a_crowd_takes_a_place_in_turn) {
  Script script(fair_service());
  script.teach(1000, 20, 100ms);
  script.fill(1, 2);
  uint64_t id = 10;
  do script.tell(of_key(++id, 100));
  while (script.waits(id) && id < 100);
  ASSERT_EQ(script.rejected(id)->reason, RejectReason::overloaded);
  script.tell(of_key(201, 200));
  EXPECT_TRUE(script.waits(201));
  EXPECT_EQ(script.rejected(id - 1)->reason, RejectReason::over_share);
}

// Without keys, or with one, nothing changes: the same actions, bit for bit.
TEST(FairQueue, one_key_alone_is_treated_as_without_shares_in_any_world) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    WorldSettings world = random_world(seed);
    world.keys = 0;
    world.service.queue.fair = false;
    TestWorld without(world, seed);
    without.run();
    world.service.queue.fair = true;
    TestWorld with(world, seed);
    with.run();
    EXPECT_EQ(with.complaint(), "");
    EXPECT_EQ(with.digest(), without.digest()) << "seed " << seed;
  }
}

// A key with ten times the traffic of each of four others, which together need less than half of
// the capacity: with shares, next to nothing of theirs is refused or late.
TEST(FairQueue, a_crowd_does_not_keep_the_others_out) {
  for (const bool fair : {false, true}) {
    WorldSettings settings = steady_world();
    settings.arrivals_per_s = 1.4 * kCapacity;
    settings.keys = 5;
    settings.crowd = 10.0 / 14;
    settings.service.queue.fair = fair;
    TestWorld world(settings, 1);
    world.figures_from = 8s;
    world.run();
    EXPECT_EQ(world.complaint(), "");
    uint64_t refused = 0, late = 0, arrived = 0;
    for (uint64_t key = 2; key <= 5; ++key) {
      const TestWorld::Figures& figures = world.by_key[key];
      refused += figures.refused;
      late += figures.late;
      arrived += figures.answered + figures.refused;
    }
    ASSERT_GT(arrived, 800u);
    if (fair) {
      EXPECT_LT(refused + late, arrived / 200);
    } else {
      EXPECT_GT(refused + late, arrived / 10);
    }
    EXPECT_GT(static_cast<double>(world.figures.answered), 0.9 * 4 * kCapacity);
  }
}

}  // namespace
}  // namespace warmgate::policy
