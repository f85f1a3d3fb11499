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

// An instance is gone a second after its last answer: pings do not follow each other at that pace
// for ever.
TEST(KeepWarm, an_instance_that_ended_at_once_does_not_have_the_pool_pinged_all_the_time) {
  ServiceSettings settings = small_service();
  settings.serverless.keep_warm = true;
  Script script = warm_script(settings);
  script.wait(1s);
  script.fill(20, 2);
  script.arrive(22);
  ASSERT_TRUE(on_serverless(script.started(22)));
  script.wait(3s);
  script.answer(22, InstanceEvidence{InstanceKey{9}, 100ms, 0});
  for (const uint64_t id : {20, 21}) script.answer(id);
  ASSERT_LE(script.status().serverless.idle_surely, 2s);
  const auto pings_within = [&](Duration time) {
    uint32_t pings = 0;
    for (Duration passed{}; passed < time; passed += 500ms) {
      script.let_pass(500ms);
      pings += script.probes(ProbeKind::keep_warm);
      script.answer_probes(InstanceEvidence{InstanceKey{9}, 1h, 0});
    }
    return pings;
  };
  EXPECT_LE(pings_within(1min), 6u);
  pings_within(10min);
  EXPECT_LE(pings_within(30min), 4u) << "longer gaps are survived, as it turned out";
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

// ---- several, where idle time costs nothing

// Instances of one slot; a ping a minute costs 0.1 s, a start 3 s: as much as pings of half an
// hour.
ServiceSettings kept_service() {
  ServiceSettings settings = small_service();
  settings.always_on.concurrency = 1;
  settings.serverless.concurrency = 1;
  settings.serverless.max_instances = 10;
  settings.serverless.keep_warm = true;
  settings.serverless.keep_warm_interval = 1min;
  return settings;
}

InstanceEvidence instance(uint64_t key) {
  return {InstanceKey{key}, 1h, 0};
}

// Answers the probes in flight, each by an instance of its own; how many there were.
uint64_t answered_by_all(Script& script) {
  uint64_t key = 0;
  for (const ProbeId probe : script.probes_in_flight()) {
    script.tell(ProbeFinished{probe, Outcome::ok, instance(++key)});
  }
  return key;
}

// Four instances are asked for: one answers at once, and three wakes are on their way together.
void need_three(Script& script) {
  script.tell(ScheduleTold{4, kNever, 0});
  answered_by_all(script);
  ASSERT_EQ(script.probes_in_flight().size(), 3u);
  script.tell(ScheduleTold{});
  script.wait(3s);
  answered_by_all(script);
  ASSERT_EQ(script.status().serverless.instances, 3u);
}

// Pings of so many minutes, each volley answered at once.
std::vector<uint32_t> pings(Script& script, int minutes) {
  std::vector<uint32_t> sent;
  for (int i = 0; i < minutes; ++i) {
    script.let_pass(1min);
    sent.push_back(script.probes(ProbeKind::keep_warm));
    answered_by_all(script);
  }
  return sent;
}

TEST(KeepWarm, as_many_as_were_needed_at_once_are_pinged_together) {
  Script script(kept_service());
  answered_by_all(script);
  need_three(script);
  EXPECT_EQ(pings(script, 5), (std::vector<uint32_t>{3, 3, 3, 3, 3}));
}

TEST(KeepWarm, for_no_longer_than_their_pings_cost_less_than_a_start) {
  Script script(kept_service());
  answered_by_all(script);
  need_three(script);
  const std::vector<uint32_t> sent = pings(script, 70);
  EXPECT_EQ(sent[29], 3u);
  EXPECT_EQ(sent.back(), 1u) << "one is kept in any case";
}

TEST(KeepWarm, those_at_work_need_no_ping) {
  Script script(kept_service());
  answered_by_all(script);
  need_three(script);
  pings(script, 1);
  script.arrive(20);
  script.arrive(21);
  ASSERT_TRUE(on_serverless(script.started(21)));
  script.let_pass(1min);
  EXPECT_EQ(script.probes(ProbeKind::keep_warm), 2u);
}

TEST(KeepWarm, the_next_pings_wait_until_all_are_answered) {
  Script script(kept_service());
  answered_by_all(script);
  need_three(script);
  script.let_pass(1min);
  ASSERT_EQ(script.probes(ProbeKind::keep_warm), 3u);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::ok, instance(1)});
  script.let_pass(10min);
  EXPECT_EQ(script.probes(ProbeKind::keep_warm), 0u);
  answered_by_all(script);
  EXPECT_EQ(script.probes_in_flight().size(), 3u) << "overdue";
}

// Ten requests a second of 100 ms, where the always-on pool can do as many.
TEST(KeepWarm, a_forecast_asks_for_nobody_while_those_who_idle_would_answer) {
  for (const bool kept : {true, false}) {
    ServiceSettings settings = kept_service();
    settings.prefer = Prefer::always_on;
    settings.serverless.keep_warm = kept;
    Script script(settings);
    script.tell(ScheduleTold{kept ? 3u : 2u, kNever, 0});
    for (int i = 0; i < 3; ++i) answered_by_all(script);
    script.tell(ScheduleTold{});
    ASSERT_EQ(script.status().serverless.instances, 2u);
    uint64_t wakes = 0;
    for (uint64_t id = 100; id < 140; ++id) {
      script.arrive(id);
      wakes += script.probes(ProbeKind::wake);
      answered_by_all(script);
      script.wait(100ms);
      script.answer(id);
    }
    EXPECT_EQ(wakes > 0, !kept);
  }
}

TEST(KeepWarm, where_idle_time_is_paid_nobody_is_kept) {
  ServiceSettings settings = kept_service();
  settings.serverless.billing = Billing::instance;
  Script script(settings);
  script.let_pass(10min);
  EXPECT_EQ(script.probes(ProbeKind::keep_warm) + script.probes(ProbeKind::wake), 0u);
}

}  // namespace
}  // namespace warmgate::policy
