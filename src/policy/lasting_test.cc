// Attempts that switch protocols (status 101): they hold their slot until somebody ends them.
#include <gtest/gtest.h>

#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

constexpr uint16_t kSwitching = 101;

TEST(Lasting, an_attempt_that_switched_protocols_holds_its_slot) {
  Script script(small_service());
  script.teach(1, 10, 20ms);
  for (uint64_t id = 101; id <= 102; ++id) {
    script.arrive(id);
    ASSERT_TRUE(on_always_on(script.started(id)));
    script.first_byte(id, kSwitching);
    EXPECT_TRUE(script.committed(script.attempt(id).attempt));
  }
  script.let_pass(1h);
  EXPECT_EQ(script.status().always_on.slots, 2u);
  EXPECT_EQ(script.status().always_on.in_flight, 2u);
  script.arrive(103);
  EXPECT_FALSE(on_always_on(script.started(103)));
  script.finish(101);
  script.arrive(104);
  EXPECT_TRUE(script.runs(103) || script.runs(104)) << "a slot is free again";
}

TEST(Lasting, it_says_nothing_of_service_times) {
  Script script(small_service());
  script.teach(1, 10, 20ms);
  script.arrive(101);
  script.first_byte(101, kSwitching);
  script.let_pass(10h);
  script.finish(101);
  EXPECT_LT(script.status().always_on.times.service_p99_s, 0.1);
  EXPECT_EQ(script.status().always_on.in_flight, 0u);
}

// One slot lasts, one turns over: who arrives is promised no more than one slot can do.
TEST(Lasting, nobody_counts_on_a_slot_that_lasts) {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  Script script(settings);
  script.teach(1, 20, 200ms);
  script.arrive(101);
  script.first_byte(101, kSwitching);
  script.let_pass(1min);
  script.arrive(102);
  ASSERT_TRUE(on_always_on(script.started(102)));
  // 200 ms in the slot, 200 ms of its own, and the caution: too much for 500 ms with one slot.
  script.arrive(103);
  ASSERT_TRUE(script.waits(103) || script.rejected(103));
  script.arrive(104);
  ASSERT_TRUE(script.rejected(104));
  EXPECT_EQ(script.rejected(104)->reason, RejectReason::overloaded);
}

TEST(Lasting, the_first_byte_of_a_switch_proves_warmth) {
  ServiceSettings settings = small_service();
  settings.always_on.backends = 0;
  Script script(settings);
  script.arrive(1);
  ASSERT_TRUE(script.probes(ProbeKind::wake) == 1);
  script.wait(3s);
  script.wake_answers();
  ASSERT_TRUE(on_serverless(script.started(1)));
  script.wait(20ms);
  script.first_byte(1, kSwitching, InstanceEvidence{InstanceKey{7}, 3s, 1});
  EXPECT_EQ(script.status().serverless.state, PoolState::warm);
  EXPECT_EQ(script.status().serverless.in_flight, 1u);
  script.tell(ClientGone{RequestId{1}});
  EXPECT_TRUE(script.cancelled(script.attempt(1).attempt));
  script.finish(1, Outcome::cancelled);
  EXPECT_EQ(script.status().serverless.in_flight, 0u);
}

TEST(Lasting, how_it_ends_is_no_strike) {
  Script script(small_service());
  for (uint64_t id = 1; id <= 20; ++id) {
    script.arrive(id);
    ASSERT_TRUE(on_always_on(script.started(id)));
    script.first_byte(id, kSwitching);
    script.finish(id, Outcome::broken_midway);
  }
  EXPECT_EQ(script.status().always_on.backends[0].strikes, 0u);
}

TEST(Lasting, a_drain_does_not_end_it) {
  Script script(small_service());
  script.arrive(1);
  script.first_byte(1, kSwitching);
  script.tell(DrainStarted{});
  EXPECT_TRUE(script.runs(1));
  EXPECT_TRUE(script.did().empty());
  script.arrive(2);
  ASSERT_TRUE(script.rejected(2));
  EXPECT_EQ(script.rejected(2)->reason, RejectReason::draining);
  script.finish(1);
}

}  // namespace
}  // namespace warmgate::policy
