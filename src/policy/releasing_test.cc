// Letting go of idle instances, with literal instants.
#include <gtest/gtest.h>

#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

ServiceSettings paid_service() {
  ServiceSettings settings = small_service();
  settings.serverless.billing = Billing::instance;
  settings.serverless.can_release = true;
  return settings;
}

// Five requests at once, where the always-on pool has two slots: a wake, and its answer.
void wake(Script& script) {
  script.teach(1, 10, 100ms);
  for (uint64_t id = 100; id < 120; ++id) script.arrive(id);
  ASSERT_EQ(script.probes_in_flight().size(), 1u);
  script.wait(3s);
  script.wake_answers();
  for (uint64_t id = 100; id < 120; ++id) {
    if (script.runs(id)) script.answer(id, InstanceEvidence{InstanceKey{7}, 1min, 0});
  }
}

uint32_t releases(Script& script, Duration time) {
  script.let_pass(time);
  return script.probes(ProbeKind::release);
}

TEST(Releasing, an_idle_instance_is_asked_to_end_when_keeping_it_costs_more_than_a_start) {
  Script script(paid_service());
  wake(script);
  EXPECT_EQ(script.status().serverless.state, PoolState::warm);
  EXPECT_EQ(releases(script, 2s), 0u) << "the start alone costs three";
  EXPECT_EQ(releases(script, 10min), 1u) << "one at a time";
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::ok,
                            InstanceEvidence{InstanceKey{7}, 2min, 5}});
  EXPECT_EQ(script.status().serverless.state, PoolState::cold);
  EXPECT_EQ(script.status().serverless.instances, 0u);
}

TEST(Releasing, never_where_idle_time_is_free_or_instances_cannot_be_asked) {
  for (const bool free : {true, false}) {
    ServiceSettings settings = paid_service();
    (free ? settings.serverless.billing = Billing::request : settings.serverless.billing);
    settings.serverless.can_release = free;
    settings.slo_share = 0.99999;  // or a wake would not be worth an idle life
    Script script(settings);
    wake(script);
    EXPECT_EQ(releases(script, 1h), 0u);
  }
}

TEST(Releasing, while_it_is_under_way_new_requests_do_not_count_on_the_instance) {
  Script script(paid_service());
  wake(script);
  ASSERT_EQ(releases(script, 10min), 1u);
  for (uint64_t id = 200; id < 203; ++id) script.arrive(id);
  EXPECT_TRUE(on_always_on(script.attempt(200)));
  EXPECT_FALSE(script.runs(202) && script.attempt(202).backend.pool == PoolKind::serverless);
}

TEST(Releasing, one_that_is_refused_is_tried_again_ever_later) {
  Script script(paid_service());
  wake(script);
  ASSERT_EQ(releases(script, 10min), 1u);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::client_error, std::nullopt});
  EXPECT_EQ(releases(script, 9s), 0u);
  EXPECT_EQ(releases(script, 1s), 1u);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::client_error, std::nullopt});
  EXPECT_EQ(releases(script, 19s), 0u);
  EXPECT_EQ(releases(script, 1s), 1u);
}

TEST(Releasing, what_had_to_start_to_hear_of_it_shows_that_the_pool_was_cold) {
  Script script(paid_service());
  wake(script);
  ASSERT_EQ(releases(script, 10min), 1u);
  script.wait(3s);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::ok,
                            InstanceEvidence{InstanceKey{8}, 100ms, 0}});
  EXPECT_EQ(script.status().serverless.state, PoolState::cold);
}

TEST(Releasing, paid_idle_time_is_not_prolonged_by_pings) {
  ServiceSettings settings = paid_service();
  settings.serverless.can_release = false;
  settings.slo_share = 0.99999;
  settings.serverless.keep_warm = true;
  Script script(settings);
  wake(script);
  script.let_pass(2h);
  EXPECT_EQ(script.probes(ProbeKind::keep_warm), 0u);
}

TEST(Releasing, an_idle_paid_instance_is_used_before_anybody_waits) {
  ServiceSettings settings = paid_service();
  settings.prefer = Prefer::always_on;
  settings.slo = 2s;
  Script script(settings);
  script.teach(1, 10, 100ms);
  for (uint64_t id = 100; id < 200; ++id) script.arrive(id);
  script.wait(3s);
  script.wake_answers();
  for (uint64_t id = 100; id < 200; ++id) {
    if (script.runs(id)) script.answer(id, InstanceEvidence{InstanceKey{7}, 1min, 0});
  }
  for (uint64_t id = 300; id < 303; ++id) script.arrive(id);
  EXPECT_TRUE(on_serverless(script.attempt(302)));
}

}  // namespace
}  // namespace warmgate::policy
