// The seven cases of docs/behaviour, each as a scenario with literal instants.
#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

// Two slots are taken, and those who wait cause a wake, which is answered after 3 s.
Script taught_warm_script(const ServiceSettings& settings) {
  Script script(settings);
  script.teach(1, 5, 50ms);
  script.fill(11, 2);
  for (uint64_t id = 13; id < 19; ++id) script.arrive(id);
  script.wait(50ms);
  for (uint64_t id = 13; id < 19; ++id) script.tell(ClientGone{RequestId{id}});
  script.answer(11);
  script.answer(12);
  script.wait(2950ms);
  script.wake_answers();
  return script;
}

// Warm, with demand above what two always-on slots do comfortably: 100 a second of 30 ms each.
Script busy_script(const ServiceSettings& settings) {
  Script script = taught_warm_script(settings);
  const auto answer = [&](uint64_t id) {
    script.answer(id, InstanceEvidence{InstanceKey{7}, 10s, id});
  };
  for (uint64_t id = 100; id < 400; ++id) {
    if (id >= 103) answer(id - 3);
    script.arrive(id);
    script.wait(10ms);
  }
  for (const uint64_t id : {397, 398, 399}) {
    answer(id);
    script.wait(10ms);
  }
  return script;
}

TEST(Cases, unknown_after_a_restart_the_always_on_pool_answers_and_nobody_asks_serverless) {
  ServiceSettings settings = small_service();
  settings.health.enabled = true;
  Script script(settings);
  EXPECT_EQ(script.did().size(), 1u);
  EXPECT_EQ(script.last_probe().kind, ProbeKind::health);
  EXPECT_EQ(script.status().serverless.state, PoolState::unknown);
  script.arrive(1);
  ASSERT_TRUE(on_always_on(script.started(1)));
  EXPECT_EQ(script.started(1)->reason, Reason::unknown);
  script.answer(1);
  script.let_pass(60s);
  EXPECT_EQ(script.status().probes_by_kind[static_cast<size_t>(ProbeKind::wake)], 0u);
}

TEST(Cases, case_1_cold_what_exceeds_the_always_on_slots_waits_and_the_first_one_wakes) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  EXPECT_TRUE(script.waits(3));
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
  EXPECT_EQ(script.last_probe().hold, 0s);
  EXPECT_EQ(script.status().serverless.state, PoolState::starting);
  script.arrive(4);
  EXPECT_TRUE(script.waits(4));
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u) << "single flight";
}

TEST(Cases, case_1_ready_connections_first_then_the_queue_in_the_same_step) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  script.arrive(4);
  script.wait(3s);
  script.wake_answers();
  ASSERT_GE(script.did().size(), 3u);
  const auto* preconnect = std::get_if<Preconnect>(&script.did()[0]);
  ASSERT_NE(preconnect, nullptr);
  EXPECT_EQ(preconnect->connections, 2u);
  EXPECT_TRUE(on_serverless(script.started(3)));
  EXPECT_TRUE(on_serverless(script.started(4)));
  EXPECT_EQ(script.started(3)->reason, Reason::queued_serverless);
  const ServiceStatus status = script.status();
  EXPECT_EQ(status.serverless.state, PoolState::warm);
  EXPECT_EQ(status.serverless.evidence, EvidenceKind::instance_header);
  EXPECT_EQ(status.cold_start.seen, 1u);
  EXPECT_EQ(status.cold_start.requests_delayed, 2u);
  EXPECT_DOUBLE_EQ(status.cold_start.last_ready_s, 3.0);
}

TEST(Cases, case_1_the_forecast_wakes_before_anyone_waits_and_the_cold_start_stays_hidden) {
  Script script(small_service());
  script.teach(1, 10, 100ms);
  uint32_t wakes = 0;
  // 17 a second of 100 ms each: 85 % of two slots, and always one for the next request.
  script.arrive(100);
  for (uint64_t id = 101; id < 300 && wakes == 0; ++id) {
    script.wait(18ms);
    script.arrive(id);
    ASSERT_TRUE(on_always_on(script.started(id)));
    wakes += script.probes(ProbeKind::wake);
    script.wait(41ms);
    script.answer(id - 1);
  }
  ASSERT_EQ(wakes, 1u);
  EXPECT_EQ(script.status().queued, 0u);
  script.wait(2s);
  script.wake_answers();
  EXPECT_EQ(script.status().cold_start.hidden, 1u);
  EXPECT_EQ(script.status().cold_start.seen, 0u);
}

TEST(Cases, case_2_high_demand_goes_to_serverless_and_always_on_keeps_its_slots_free) {
  Script script = busy_script(small_service());
  script.arrive(1000);
  ASSERT_TRUE(on_serverless(script.started(1000)));
  EXPECT_EQ(script.started(1000)->reason, Reason::warm);
  EXPECT_EQ(script.status().always_on.in_flight, 0u);
}

TEST(Cases, case_2_beyond_the_warm_slots_the_always_on_pool_helps_then_requests_wait) {
  Script script = busy_script(small_service());
  for (uint64_t id = 1000; id < 1004; ++id) {
    script.arrive(id);
    EXPECT_TRUE(on_serverless(script.started(id)));
  }
  for (uint64_t id = 1004; id < 1006; ++id) {
    script.arrive(id);
    ASSERT_TRUE(on_always_on(script.started(id)));
    EXPECT_EQ(script.started(id)->reason, Reason::overflow);
  }
  script.arrive(1006);
  EXPECT_TRUE(script.waits(1006));
  script.wait(10ms);
  script.answer(1001, InstanceEvidence{InstanceKey{7}, 10s, 1});
  EXPECT_TRUE(on_serverless(script.started(1006))) << "late binding: the first slot that frees";
}

// Two always-on slots of 30 ms and an SLO of 500 ms: who comes next waits for a slot, since one
// will come in time.
TEST(Cases, case_2_prefer_always_on_waits_for_its_slots_while_they_come_in_time) {
  ServiceSettings settings = small_service();
  settings.prefer = Prefer::always_on;
  Script script = busy_script(settings);
  script.arrive(1000);
  script.arrive(1001);
  EXPECT_TRUE(on_always_on(script.started(1001)));
  script.arrive(1002);
  EXPECT_TRUE(script.waits(1002));
  script.wait(30ms);
  script.answer(1000);
  EXPECT_TRUE(on_always_on(script.started(1002)));
}

TEST(Cases, case_2_prefer_always_on_gives_serverless_at_once_what_cannot_be_in_time) {
  ServiceSettings settings = small_service();
  settings.prefer = Prefer::always_on;
  Script script = busy_script(settings);
  uint64_t id = 1000;
  do {
    script.arrive(++id);
    ASSERT_LT(id, 1100u);
  } while (!on_serverless(script.started(id)));
  EXPECT_GT(id, 1010u) << "some of them wait";
  EXPECT_EQ(script.started(id)->reason, Reason::overflow);
  EXPECT_GT(script.status().queued, 0u);
}

// Large requests take 400 ms of the SLO's 500: nobody who has to wait for a slot makes it there.
TEST(Cases, case_2_prefer_always_on_predicts_by_the_size_of_a_request) {
  ServiceSettings settings = small_service();
  settings.prefer = Prefer::always_on;
  Script script = busy_script(settings);
  const auto arrive = [&](uint64_t id, uint64_t bytes) {
    RequestArrived request = script.request(id);
    request.bytes = bytes;
    script.tell(request);
  };
  const auto serve = [&](uint64_t id, uint64_t bytes, Duration service) {
    for (const uint64_t each : {id, id + 1}) arrive(each, bytes);
    script.wait(service);
    for (const uint64_t each : {id, id + 1}) script.answer(each);
  };
  for (uint64_t id = 1000; id < 1020; id += 2) serve(id, 100'000, 400ms);
  for (uint64_t id = 2000; id < 2020; id += 2) serve(id, 800, 30ms);
  script.wake_answers();  // of serverless nothing was heard meanwhile
  for (const uint64_t id : {3000, 3001}) arrive(id, 800);
  EXPECT_TRUE(on_always_on(script.started(3001)));
  arrive(3002, 800);
  EXPECT_TRUE(script.waits(3002));
  arrive(3003, 100'000);
  EXPECT_TRUE(on_serverless(script.started(3003)));
}

TEST(Cases, case_2_prefer_always_on_hands_over_at_the_last_moment) {
  ServiceSettings settings = small_service();
  settings.prefer = Prefer::always_on;
  Script script = busy_script(settings);
  for (uint64_t id = 1000; id < 1003; ++id) script.arrive(id);
  EXPECT_TRUE(script.waits(1002));
  const Instant arrived = script.now();
  while (!script.runs(1002)) {  // no slot frees: both requests are unusually long
    ASSERT_LT(script.now() - arrived, 500ms);
    script.let_pass(5ms);
  }
  EXPECT_EQ(script.attempt(1002).backend.pool, PoolKind::serverless);
  EXPECT_GT(script.now() - arrived, 200ms) << "it waited for as long as it could";
  EXPECT_LT(script.now() - arrived, 480ms) << "and leaves serverless the time that it needs";
}

// All slots of both pools are taken for longer than the deadline allows. The platform may start
// more instances than the one there is: the request itself presses for it.
TEST(Cases, beyond_the_warm_slots_a_request_presses_for_a_further_instance) {
  ServiceSettings settings = small_service();
  settings.serverless.max_instances = 3;
  Script script = busy_script(settings);
  uint64_t id = 1000;
  for (; id < 1006; ++id) script.arrive(id);  // all slots
  uint64_t pressing = 0;
  for (; id < 1200 && pressing == 0; ++id) {
    script.arrive(id);
    if (script.started(id)) pressing = id;
  }
  ASSERT_NE(pressing, 0u);
  EXPECT_TRUE(on_serverless(script.started(pressing)));
  EXPECT_EQ(script.status().serverless.in_flight, 5u) << "one more than the warm slots";
  EXPECT_GT(script.status().queued, 0u);
}

TEST(Cases, low_priority_never_presses) {
  ServiceSettings settings = small_service();
  settings.serverless.max_instances = 3;
  Script script = busy_script(settings);
  for (uint64_t id = 1000; id < 1300; ++id) {
    RequestArrived low = script.request(id);
    low.priority = Priority::low;
    script.tell(low);
  }
  EXPECT_EQ(script.status().serverless.in_flight, 4u);
}

TEST(Cases, case_3_low_demand_again_the_always_on_pool_serves_alone) {
  Script script = busy_script(small_service());
  script.wait(1s);
  script.arrive(1000);
  EXPECT_TRUE(on_serverless(script.started(1000))) << "hysteresis: not low yet";
  script.answer(1000, InstanceEvidence{InstanceKey{7}, 10s, 1});
  for (uint64_t id = 1001; id < 1031; ++id) {  // a trickle keeps the belief in warmth fresh
    script.wait(2s);
    script.arrive(id);
    script.wait(20ms);
    script.answer(id, InstanceEvidence{InstanceKey{7}, 20s, 1});
  }
  script.arrive(2000);
  ASSERT_TRUE(on_always_on(script.started(2000)));
  script.let_pass(30min);
  EXPECT_EQ(script.status().serverless.state, PoolState::cold) << "it was let sleep";
}

TEST(Cases, case_4_heavy_requests_prefer_serverless) {
  Script script = taught_warm_script(small_service());
  RequestArrived heavy = script.request(1000);
  heavy.heavy = true;
  script.tell(heavy);
  ASSERT_TRUE(on_serverless(script.started(1000)));
  EXPECT_EQ(script.started(1000)->reason, Reason::heavy);
}

TEST(Cases, case_4_heavy_and_cold_always_on_only_where_allowed) {
  for (const bool allowed : {true, false}) {
    ServiceSettings settings = small_service();
    settings.heavy.allow_always_on = allowed;
    Script script(settings);
    RequestArrived heavy = script.request(1);
    heavy.bytes = 2 << 20;  // marked by its size
    script.tell(heavy);
    if (allowed) {
      ASSERT_TRUE(on_always_on(script.started(1)));
      EXPECT_EQ(script.started(1)->reason, Reason::unknown);
    } else {
      EXPECT_TRUE(script.waits(1));
      EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
      script.wait(3s);
      script.wake_answers();
      EXPECT_TRUE(on_serverless(script.started(1)));
    }
  }
}

TEST(Cases, case_4_heavy_and_warm_without_a_free_slot_overflows_to_always_on) {
  Script script = taught_warm_script(small_service());
  RequestArrived heavy = script.request(1000);
  heavy.heavy = true;
  for (; script.tell(heavy), on_serverless(script.started(heavy.request.value));) {
    ++heavy.request.value;
    ASSERT_LT(heavy.request.value, 1100u);
  }
  ASSERT_TRUE(on_always_on(script.started(heavy.request.value)));
  EXPECT_EQ(script.started(heavy.request.value)->reason, Reason::overflow);
}

TEST(Cases, case_5_bypass_when_a_warm_answer_would_long_have_come_first_good_byte_wins) {
  Script script = busy_script(small_service());
  script.arrive(1000);
  const AttemptId slow = script.attempt(1000).attempt;
  ASSERT_TRUE(on_serverless(script.started(1000)));
  script.let_pass(60ms);
  ASSERT_TRUE(on_always_on(script.started(1000)));
  EXPECT_EQ(script.started(1000)->reason, Reason::bypass);
  script.wait(30ms);
  script.first_byte(1000);
  EXPECT_TRUE(script.committed(script.attempt(1000).attempt));
  EXPECT_TRUE(script.cancelled(slow));
  EXPECT_EQ(script.status().bypasses_won, 1u);
  EXPECT_EQ(script.status().serverless.backends[0].strikes, 0u) << "the loser is not punished";
}

TEST(Cases, case_5_bypass_only_of_what_may_be_repeated) {
  Script script = busy_script(small_service());
  RequestArrived once = script.request(1000);
  once.repeatable = false;
  script.tell(once);
  script.let_pass(400ms);
  EXPECT_FALSE(script.started(1000));
}

TEST(Cases, case_5_bypass_stays_within_its_budget) {
  ServiceSettings settings = small_service();
  settings.bypass.budget = 0;
  Script script = busy_script(settings);
  script.arrive(1000);
  script.let_pass(400ms);
  EXPECT_FALSE(script.started(1000));
}

TEST(Cases, case_5_repeated_failures_open_the_circuit_and_a_trial_leads_back) {
  ServiceSettings settings = small_service();
  settings.retry.budget = 0;
  Script script = busy_script(settings);
  for (uint64_t id = 1000; id < 1005; ++id) {
    script.arrive(id);
    ASSERT_TRUE(on_serverless(script.started(id)));
    script.wait(10ms);
    script.finish(id, Outcome::broken);
  }
  EXPECT_TRUE(script.status().serverless.backends[0].circuit_open);
  script.arrive(1010);
  ASSERT_TRUE(on_always_on(script.started(1010)));
  EXPECT_EQ(script.started(1010)->reason, Reason::circuit_open);
  script.answer(1010);
  script.wait(5s);  // the penalty is over
  for (uint64_t id = 1020; id < 1022; ++id) {
    script.arrive(id);
    ASSERT_TRUE(on_serverless(script.started(id)));
    EXPECT_EQ(script.started(id)->reason, Reason::circuit_trial);
    script.arrive(id + 10);
    EXPECT_TRUE(on_always_on(script.started(id + 10))) << "one trial at a time";
    script.wait(10ms);
    script.answer(id + 10);
    script.answer(id, InstanceEvidence{InstanceKey{7}, 60s, 1});
  }
  EXPECT_FALSE(script.status().serverless.backends[0].circuit_open);
}

TEST(Cases, case_6_always_on_down_everything_to_serverless_cold_or_not) {
  Script script(small_service());
  script.arrive(1);
  script.wait(1ms);
  script.finish(1, Outcome::connect_failed);
  EXPECT_FALSE(script.rejected(1)) << "a refused connection is always safe to repeat";
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
  script.arrive(2);
  EXPECT_TRUE(script.waits(2));
  script.wait(3s);
  script.wake_answers();
  EXPECT_TRUE(on_serverless(script.started(1)));
  EXPECT_TRUE(on_serverless(script.started(2)));
  script.arrive(3);
  ASSERT_TRUE(on_serverless(script.started(3)));
  EXPECT_EQ(script.started(3)->reason, Reason::always_on_down);
}

TEST(Cases, case_6_both_down_503_at_once_with_retry_after) {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  Script script(settings);
  script.arrive(1);
  script.finish(1, Outcome::connect_failed);
  ASSERT_TRUE(script.rejected(1));
  script.arrive(2);
  ASSERT_TRUE(script.rejected(2));
  EXPECT_EQ(script.rejected(2)->reason, RejectReason::all_down);
  EXPECT_EQ(script.rejected(2)->status, 503);
  EXPECT_GT(script.rejected(2)->retry_after, 0s);
}

TEST(Cases, case_6_the_last_backend_that_could_answer_is_never_quarantined) {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  settings.retry.budget = 0;
  Script script(settings);
  for (uint64_t id = 1; id <= 20; ++id) {
    script.arrive(id);
    ASSERT_TRUE(on_always_on(script.started(id))) << id;
    script.wait(10ms);
    script.finish(id, Outcome::timed_out);
  }
}

TEST(Cases, case_7_who_can_make_it_gets_the_always_on_slot_before_who_is_late) {
  Script script(small_service());
  script.teach(1, 20, 100ms);
  script.fill(100, 2);
  script.arrive(101 + 1);  // waits; its deadline is in 500 ms
  script.wait(450ms);      // now it cannot be met any more
  script.arrive(103);      // waits, too, and can make it
  script.wait(10ms);
  script.answer(100);
  EXPECT_TRUE(on_always_on(script.started(103)));
  EXPECT_FALSE(script.started(102));
  script.answer(101);
  EXPECT_TRUE(on_always_on(script.started(102))) << "nobody else wants the slot: served late";
}

TEST(Cases, case_7_low_priority_that_is_doomed_is_shed_at_once_with_the_time_until_ready) {
  Script script(small_service());
  script.teach(1, 20, 300ms);
  script.fill(100, 2);
  RequestArrived low = script.request(102);
  low.priority = Priority::low;
  low.client_limit = 200ms;
  script.tell(low);
  ASSERT_TRUE(script.rejected(102));
  EXPECT_EQ(script.rejected(102)->reason, RejectReason::doomed);
  EXPECT_EQ(script.rejected(102)->status, 503);
  EXPECT_EQ(script.rejected(102)->retry_after, 3s);
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u) << "who does not wait wakes nothing";
}

}  // namespace
}  // namespace warmgate::policy
