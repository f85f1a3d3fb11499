// OrderedInstances, and what the policy does with it: instances that the platform starts for wakes
// which another instance answers are asked for when they should be there.
#include "policy/ordered_instances.h"

#include <gtest/gtest.h>

#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

constexpr Instant kStart{100s};

TEST(OrderedInstances, are_due_after_a_start_and_again_when_asked_in_vain) {
  OrderedInstances ordered;
  EXPECT_EQ(ordered.next_due(), kNever);
  ordered.ordered(kStart, 8s);
  ordered.ordered(kStart + 1s, 8s);
  EXPECT_EQ(ordered.next_due(), kStart + 8s);
  EXPECT_EQ(ordered.ask(kStart + 7s, 8s, 1), 0u);
  EXPECT_EQ(ordered.ask(kStart + 8s, 8s, 1), 1u);
  EXPECT_EQ(ordered.ask(kStart + 8s, 8s, 1), 0u) << "asked for just now";
  EXPECT_EQ(ordered.next_due(), kStart + 9s);
  EXPECT_EQ(ordered.ask(kStart + 9s, 8s, 1), 2u);
}

TEST(OrderedInstances, are_forgotten_after_two_starts) {
  OrderedInstances ordered;
  ordered.ordered(kStart, 8s);
  ordered.ordered(kStart + 1s, 8s);
  EXPECT_EQ(ordered.ask(kStart + 8s, 8s, 1), 1u);
  EXPECT_EQ(ordered.forget(kStart + 15s, 1), 0u);
  EXPECT_EQ(ordered.forget(kStart + 16s, 1), 1u);
  EXPECT_EQ(ordered.instances(1), 1u);
  EXPECT_EQ(ordered.forget(kStart + 17s, 1), 0u) << "nobody asked for it";
  EXPECT_TRUE(ordered.empty());
}

TEST(OrderedInstances, as_many_orders_as_an_instance_takes_are_one_instance) {
  OrderedInstances ordered;
  for (int i = 0; i < 9; ++i) ordered.ordered(kStart, 8s);
  EXPECT_EQ(ordered.instances(4), 3u);
  ordered.found(4);
  EXPECT_EQ(ordered.instances(4), 2u);
  EXPECT_EQ(ordered.ask(kStart + 8s, 8s, 4), 2u);
  ordered.found(4);
  ordered.found(4);
  EXPECT_TRUE(ordered.empty());
}

TEST(OrderedInstances, are_bounded) {
  OrderedInstances ordered;
  for (size_t i = 0; i < 2 * OrderedInstances::kMost; ++i) ordered.ordered(kStart, 8s);
  EXPECT_EQ(ordered.orders(), OrderedInstances::kMost);
}

// Three wakes wait beside the one that started the first instance; that instance answers them all.
class Ordered : public testing::Test {
 protected:
  static constexpr uint64_t kFirst = 7;

  static ServiceSettings one_at_a_time() {
    ServiceSettings settings = small_service();
    settings.serverless.concurrency = 1;
    settings.serverless.max_instances = 8;
    return settings;
  }
  void SetUp() override {
    script_.fill(1, 2);
    script_.arrive(3);
    script_.wait(1s);
    for (uint64_t id = 4; id < 7; ++id) script_.arrive(id);
    ASSERT_EQ(script_.probes_in_flight().size(), 4u);
    script_.wait(2s);
    script_.answer_probes(InstanceEvidence{InstanceKey{kFirst}, 10ms, 0});
    ASSERT_TRUE(script_.runs(3));
  }
  void answered_by(uint64_t instance) {
    script_.tell(ProbeFinished{script_.probes_in_flight().front(), Outcome::ok,
                               InstanceEvidence{InstanceKey{instance}, 1h, 0}});
  }

  Script script_{one_at_a_time()};
};

TEST_F(Ordered, are_not_ordered_again) {
  EXPECT_TRUE(script_.probes_in_flight().empty());
  EXPECT_EQ(script_.status().serverless.starting, 3u);
}

TEST_F(Ordered, are_met_when_they_should_be_there) {
  script_.let_pass(990ms);
  EXPECT_TRUE(script_.probes_in_flight().empty()) << "their start is not over";
  script_.let_pass(10ms);
  ASSERT_EQ(script_.probes(ProbeKind::wake), 3u);
  for (const uint64_t instance : {8, 9, 10}) answered_by(instance);
  EXPECT_EQ(script_.status().serverless.instances, 4u);
  EXPECT_EQ(script_.status().serverless.starting, 0u);
  for (const uint64_t request : {4, 5, 6}) EXPECT_TRUE(script_.runs(request));
}

TEST_F(Ordered, are_asked_for_again_until_they_are_given_up) {
  const Instant sent = script_.now() - 2s;
  uint32_t asked = 0;
  while (script_.status().serverless.starting > 0) {
    ASSERT_LE(script_.now(), sent + 6s) << "two starts";
    script_.let_pass(25ms);
    asked += script_.probes(ProbeKind::wake);
    while (!script_.probes_in_flight().empty()) answered_by(kFirst);
  }
  EXPECT_GT(asked, 3u * 4);
  EXPECT_LE(asked, 3u * (OrderedInstances::kAgain + 1));
  script_.let_pass(2900ms);
  EXPECT_EQ(script_.probes(ProbeKind::wake), 0u) << "to ask for more at once would be futile";
}

TEST_F(Ordered, who_answers_a_request_is_met_too) {
  script_.answer(3, InstanceEvidence{InstanceKey{8}, 1h, 0});
  EXPECT_EQ(script_.status().serverless.starting, 2u);
}

// Without names it cannot be told who answered: what took a start to answer is counted.
TEST(WithoutNames, nobody_is_ordered_and_each_start_is_a_slot) {
  ServiceSettings settings = small_service();
  settings.serverless.concurrency = 1;
  settings.serverless.max_instances = 8;
  Script script(settings);
  script.fill(1, 2);
  for (uint64_t id = 3; id < 7; ++id) script.arrive(id);
  script.wait(3s);
  for (const ProbeId probe : script.probes_in_flight()) {
    script.tell(ProbeFinished{probe, Outcome::ok, std::nullopt});
  }
  EXPECT_EQ(script.status().serverless.slots, 4u);
  EXPECT_EQ(script.status().serverless.starting, 0u);
}

TEST_F(Ordered, while_slots_are_free_nobody_is_asked_for) {
  for (uint64_t id = 3; id < 7; ++id)
    script_.answer(id, InstanceEvidence{InstanceKey{kFirst}, 1h, 0});
  script_.let_pass(10s);
  EXPECT_EQ(script_.probes(ProbeKind::wake), 0u);
}

}  // namespace
}  // namespace warmgate::policy
