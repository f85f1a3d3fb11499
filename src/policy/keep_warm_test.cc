// Keeping the serverless pool warm: by pings, and by a schedule.
#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

TEST(KeepWarm, an_idle_pool_is_pinged_only_where_keep_warm_asks_for_it) {
  for (const bool wanted : {false, true}) {
    ServiceSettings settings = small_service();
    settings.serverless.keep_warm = wanted;
    settings.serverless.keep_warm_interval = 1min;
    Script script = warm_script(settings);
    for (int minute = 0; minute < 10; ++minute) {
      script.let_pass(1min);
      if (!wanted) {
        EXPECT_EQ(script.probes(ProbeKind::keep_warm) + script.probes(ProbeKind::wake), 0u);
        continue;
      }
      EXPECT_EQ(script.probes(ProbeKind::keep_warm), 1u);
      script.wake_answers(10min);
    }
    EXPECT_EQ(script.status().serverless.state, PoolState::warm);
  }
}

TEST(KeepWarm, a_schedule_has_the_pool_ready_when_its_window_opens) {
  ServiceSettings settings = small_service();
  settings.serverless.expected_cold_start = 10s;
  Script script(settings);
  const Instant opens = script.now() + 1h;
  script.tell(ScheduleTold{0, opens, 1});
  script.let_pass(1h - 31s);
  EXPECT_TRUE(script.did().empty()) << "long before its time";
  script.let_pass(30s);
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
  script.answer_probes();
  EXPECT_EQ(script.status().serverless.state, PoolState::warm);
  script.let_pass(1s);
  script.tell(ScheduleTold{1, opens + 2h, 0});
  for (int pings = 0; script.now() < opens + 2h - 1s;
       pings += script.probes(ProbeKind::keep_warm)) {
    script.let_pass(1s);
    script.answer_probes();
    ASSERT_NE(script.status().serverless.state, PoolState::cold) << pings << " pings";
  }
  script.let_pass(1s);
  script.tell(ScheduleTold{0, opens + 23h, 1});
  script.let_pass(20h);
  EXPECT_EQ(script.probes(ProbeKind::keep_warm), 0u) << "the window is closed";
  EXPECT_EQ(script.status().serverless.state, PoolState::cold);
}

TEST(KeepWarm, a_schedule_of_several_instances_asks_for_all_of_them) {
  ServiceSettings settings = small_service();
  settings.serverless.concurrency = 1;
  settings.serverless.max_instances = 10;
  Script script(settings);
  script.tell(ScheduleTold{3, script.now() + 8h, 0});
  EXPECT_EQ(script.probes(ProbeKind::wake), 3u);
  EXPECT_EQ(script.status().scheduled_instances, 3u);
  uint64_t key = 0;
  script.wait(5s);
  for (const ProbeId probe : script.probes_in_flight()) {
    script.tell(ProbeFinished{probe, Outcome::ok, InstanceEvidence{InstanceKey{++key}, 1s, 0}});
  }
  EXPECT_EQ(script.status().serverless.instances, 3u);
  script.tell(ScheduleTold{5, script.now() + 8h, 0});
  EXPECT_EQ(script.probes(ProbeKind::keep_warm), 1u) << "is it as warm as believed?";
  script.wake_answers(10s, 1);
  EXPECT_EQ(script.probes(ProbeKind::wake), 2u);
}

}  // namespace
}  // namespace warmgate::policy
