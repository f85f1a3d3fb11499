// Rules beside the seven cases: waiting, refusing, retrying, waking, draining.
#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

ServiceSettings always_on_only() {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  return settings;
}

TEST(Waiting, nothing_learned_a_busy_wait_ends_at_the_deadline_with_429) {
  Script script(always_on_only());
  script.fill(1, 2);
  script.arrive(3);
  EXPECT_TRUE(script.waits(3));
  script.let_pass(499ms);
  EXPECT_FALSE(script.rejected(3));
  script.let_pass(2ms);
  ASSERT_TRUE(script.rejected(3));
  EXPECT_EQ(script.rejected(3)->reason, RejectReason::busy_wait_expired);
  EXPECT_EQ(script.rejected(3)->status, 429);
}

TEST(Waiting, busy_for_longer_than_the_deadline_is_refused_at_once_with_retry_after) {
  Script script(always_on_only());
  script.teach(1, 20, 100ms);
  script.fill(100, 2);
  uint64_t id = 102;
  for (; script.arrive(id), script.waits(id); ++id) ASSERT_LT(id, 200u);
  // 20 a second are answered, each in 100 ms, and 500 ms are left: about six may wait.
  EXPECT_NEAR(static_cast<double>(id - 102), 6, 2);
  ASSERT_TRUE(script.rejected(id));
  EXPECT_EQ(script.rejected(id)->reason, RejectReason::overloaded);
  EXPECT_EQ(script.rejected(id)->status, 429);
  EXPECT_GE(script.rejected(id)->retry_after, 1s);
}

TEST(Waiting, for_a_cold_start_ends_after_cold_wait_with_503) {
  ServiceSettings settings = small_service();
  settings.queue.cold_wait = 10s;
  Script script(settings);
  script.fill(1, 2);
  script.arrive(3);
  script.let_pass(9'999ms);
  EXPECT_FALSE(script.rejected(3));
  script.let_pass(1ms);
  ASSERT_TRUE(script.rejected(3));
  EXPECT_EQ(script.rejected(3)->reason, RejectReason::cold_wait_expired);
  EXPECT_EQ(script.rejected(3)->status, 503);
  EXPECT_GT(script.rejected(3)->retry_after, 0s);
}

TEST(Waiting, the_queue_is_bounded_in_requests) {
  ServiceSettings settings = small_service();
  settings.queue.max_requests = 3;
  Script script(settings);
  script.fill(1, 2);
  for (uint64_t id = 3; id <= 5; ++id) {
    script.arrive(id);
    EXPECT_TRUE(script.waits(id));
  }
  script.arrive(6);
  ASSERT_TRUE(script.rejected(6));
  EXPECT_EQ(script.rejected(6)->reason, RejectReason::queue_full);
  EXPECT_EQ(script.rejected(6)->status, 503);
}

TEST(Waiting, the_queue_is_bounded_in_bytes) {
  ServiceSettings settings = small_service();
  settings.queue.max_bytes = 1000;
  Script script(settings);
  script.fill(1, 2);
  RequestArrived large = script.request(3);
  large.bytes = 800;
  script.tell(large);
  EXPECT_TRUE(script.waits(3));
  large.request = RequestId{4};
  script.tell(large);
  ASSERT_TRUE(script.rejected(4));
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::queue_full);
}

TEST(Waiting, a_body_of_undeclared_size_counts_as_64_KiB) {
  ServiceSettings settings = small_service();
  settings.queue.max_bytes = 100'000;
  Script script(settings);
  script.fill(1, 2);
  RequestArrived chunked = script.request(3);
  chunked.bytes_known = false;
  script.tell(chunked);
  EXPECT_TRUE(script.waits(3));
  EXPECT_EQ(script.status().queued_bytes, 65'536u);
  chunked.request = RequestId{4};
  script.tell(chunked);
  ASSERT_TRUE(script.rejected(4));
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::queue_full);
  script.arrive(5);
  EXPECT_TRUE(script.waits(5)) << "without a body it takes none of the bytes";
}

TEST(Waiting, who_cannot_be_released_within_cold_wait_is_refused_at_once) {
  ServiceSettings settings = small_service();
  settings.queue.cold_wait = 2s;  // a start takes 3 s
  Script script(settings);
  script.teach(1, 20, 400ms);
  script.fill(100, 2);
  script.arrive(102);
  ASSERT_TRUE(script.rejected(102));
  EXPECT_EQ(script.rejected(102)->reason, RejectReason::overloaded);
  EXPECT_EQ(script.rejected(102)->status, 503);
}

TEST(Waiting, earliest_deadline_first_ties_by_id) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  RequestArrived urgent = script.request(4);
  urgent.client_limit = 100ms;
  script.tell(urgent);
  script.arrive(5);
  script.answer(1);
  EXPECT_TRUE(script.started(4));
  script.answer(2);
  EXPECT_TRUE(script.started(3));
  EXPECT_FALSE(script.started(5));
}

TEST(Waiting, a_client_that_leaves_goes_at_once) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  script.arrive(4);
  script.tell(ClientGone{RequestId{3}});
  EXPECT_EQ(script.status().queued, 1u);
  script.tell(ClientGone{RequestId{1}});
  EXPECT_TRUE(script.cancelled(script.attempt(1).attempt));
  EXPECT_FALSE(script.started(4)) << "the slot counts as taken until the attempt has ended";
  script.finish(1, Outcome::cancelled);
  EXPECT_TRUE(script.started(4));
}

TEST(Judging, a_429_of_serverless_means_fewer_slots_not_dead_and_the_request_goes_on) {
  Script script = warm_script(small_service());
  RequestArrived heavy = script.request(10);
  heavy.heavy = true;
  script.tell(heavy);
  heavy.request = RequestId{11};
  script.tell(heavy);
  ASSERT_TRUE(on_serverless(script.started(11)));
  EXPECT_EQ(script.status().serverless.slots, 4u);
  const AttemptId refused = script.attempt(11).attempt;
  script.first_byte(11, 429);
  EXPECT_TRUE(script.cancelled(refused));
  EXPECT_TRUE(on_always_on(script.started(11)));
  EXPECT_EQ(script.started(11)->reason, Reason::retry);
  EXPECT_EQ(script.status().serverless.slots, 1u);
  EXPECT_EQ(script.status().serverless.backends[0].strikes, 0u);
}

TEST(Judging, a_4xx_is_the_callers_fault) {
  Script script(always_on_only());
  for (uint64_t id = 1; id <= 20; ++id) {
    script.arrive(id);
    script.first_byte(id, 400);
    EXPECT_TRUE(script.committed(script.attempt(id).attempt));
    script.finish(id, Outcome::client_error);
  }
  EXPECT_EQ(script.status().always_on.backends[0].strikes, 0u);
}

TEST(Judging, cancelled_is_not_failed) {
  Script script(always_on_only());
  for (uint64_t id = 1; id <= 20; ++id) {
    script.arrive(id);
    script.tell(ClientGone{RequestId{id}});
    script.finish(id, Outcome::cancelled);
  }
  EXPECT_EQ(script.status().always_on.backends[0].strikes, 0u);
}

TEST(Retry, a_5xx_is_tried_on_another_backend) {
  ServiceSettings settings = always_on_only();
  settings.always_on.backends = 2;
  Script script(settings);
  script.arrive(1);
  const StartAttempt first = *script.started(1);
  script.first_byte(1, 500);
  EXPECT_TRUE(script.cancelled(first.attempt));
  ASSERT_TRUE(script.started(1));
  EXPECT_NE(script.started(1)->backend, first.backend);
}

TEST(Retry, what_may_not_be_repeated_gets_the_backends_own_answer) {
  ServiceSettings settings = always_on_only();
  settings.always_on.backends = 2;
  Script script(settings);
  RequestArrived once = script.request(1);
  once.repeatable = false;
  script.tell(once);
  script.first_byte(1, 500);
  EXPECT_TRUE(script.committed(script.attempt(1).attempt));
}

TEST(Retry, a_connection_lost_before_the_answer_is_502_when_it_may_not_be_repeated) {
  Script script(small_service());
  RequestArrived once = script.request(1);
  once.repeatable = false;
  script.tell(once);
  script.finish(1, Outcome::broken);
  ASSERT_TRUE(script.rejected(1));
  EXPECT_EQ(script.rejected(1)->status, 502);
}

TEST(Retry, a_refused_connection_is_safe_even_then_and_the_backend_is_out_at_once) {
  ServiceSettings settings = always_on_only();
  settings.always_on.backends = 2;
  Script script(settings);
  RequestArrived once = script.request(1);
  once.repeatable = false;
  script.tell(once);
  const BackendRef dead = script.started(1)->backend;
  script.finish(1, Outcome::connect_failed);
  ASSERT_TRUE(script.started(1));
  EXPECT_NE(script.started(1)->backend, dead);
  for (uint64_t id = 2; id < 3; ++id) {
    script.arrive(id);
    ASSERT_TRUE(script.started(id));
    EXPECT_NE(script.started(id)->backend, dead);
  }
}

TEST(Retry, what_a_backend_never_touched_is_safe_even_then_and_the_backend_stays_in) {
  Script script(small_service());
  for (uint64_t id = 1; id < 6; ++id) {
    RequestArrived once = script.request(id);
    once.repeatable = false;
    script.tell(once);
    script.finish(id, Outcome::refused_busy);
    ASSERT_TRUE(script.started(id));
    EXPECT_EQ(script.started(id)->backend.pool, PoolKind::always_on);
    script.first_byte(id, 200);
    script.finish(id, Outcome::ok);
  }
}

TEST(Retry, nothing_after_the_replay_buffer_was_lost) {
  Script script(small_service());
  script.arrive(1);
  script.tell(ReplayLost{RequestId{1}});
  script.finish(1, Outcome::connect_failed);
  EXPECT_TRUE(script.rejected(1));
}

TEST(Retry, at_most_max_attempts) {
  ServiceSettings settings = always_on_only();
  settings.always_on.backends = 4;
  Script script(settings);
  script.arrive(1);
  script.finish(1, Outcome::broken);
  ASSERT_TRUE(script.started(1));
  script.finish(1, Outcome::broken);
  ASSERT_TRUE(script.started(1));
  script.finish(1, Outcome::broken);
  ASSERT_TRUE(script.rejected(1));
  EXPECT_EQ(script.rejected(1)->reason, RejectReason::upstream_failed);
}

TEST(Retry, accepted_then_too_slow_is_504) {
  ServiceSettings settings = always_on_only();
  settings.retry.max_attempts = 1;
  Script script(settings);
  script.arrive(1);
  script.wait(10s);
  script.finish(1, Outcome::timed_out);
  ASSERT_TRUE(script.rejected(1));
  EXPECT_EQ(script.rejected(1)->status, 504);
}

TEST(Retry, the_only_always_on_server_is_killed_and_its_requests_wait_for_serverless) {
  Script script(small_service());
  script.fill(1, 2);
  script.wait(10ms);
  script.finish(1, Outcome::broken);
  script.finish(2, Outcome::broken);
  for (const uint64_t id : {1, 2}) {  // both went there again, and found nobody
    ASSERT_EQ(script.attempt(id).backend.pool, PoolKind::always_on);
    script.finish(id, Outcome::connect_failed);
    EXPECT_FALSE(script.rejected(id));
  }
  EXPECT_EQ(script.status().queued, 2u);
  EXPECT_EQ(script.status().cold_start.wakes, 1u);
  script.let_pass(3s);
  script.wake_answers();
  EXPECT_TRUE(on_serverless(script.started(1)));
  EXPECT_TRUE(on_serverless(script.started(2)));
}

TEST(Waking, a_failed_wake_is_repeated_after_a_pause_while_somebody_waits) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::refused_busy, std::nullopt});
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u);
  script.let_pass(499ms);
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u);
  script.let_pass(1ms);
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
}

TEST(Waking, a_lease_that_is_never_answered_expires) {
  ServiceSettings settings = small_service();
  settings.wake.timeout = 10s;
  Script script(settings);
  script.fill(1, 2);
  script.arrive(3);
  EXPECT_EQ(script.status().serverless.starting, 1u);
  script.let_pass(14s);
  EXPECT_EQ(script.status().cold_start.wakes, 1u);
  script.let_pass(2s);
  EXPECT_EQ(script.status().cold_start.wakes, 2u);
}

TEST(Waking, several_instances_when_the_backlog_needs_them) {
  ServiceSettings settings = small_service();
  settings.serverless.concurrency = 1;
  settings.serverless.max_instances = 3;
  Script script(settings);
  script.fill(1, 2);
  for (uint64_t id = 3; id < 13; ++id) script.arrive(id);
  EXPECT_EQ(script.status().serverless.starting, 3u)
      << "one wake for each, and no more than allowed";
}

TEST(Waking, old_belief_is_confirmed_by_a_wake_before_traffic_moves) {
  Script script = warm_script(small_service());
  script.wait(1min);
  EXPECT_EQ(script.status().serverless.state, PoolState::warm);
  script.fill(20, 2);
  script.arrive(22);
  EXPECT_TRUE(script.waits(22));
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
  script.wait(5ms);
  script.wake_answers(1min);
  EXPECT_TRUE(on_serverless(script.started(22)));
  EXPECT_EQ(script.status().cold_start.seen, 0u) << "the instance was there all the time";
}

TEST(Waking, evidence_without_an_instance_header_counts_one_instance) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  script.wait(3s);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::ok, std::nullopt});
  EXPECT_TRUE(on_serverless(script.started(3)));
  EXPECT_EQ(script.status().serverless.evidence, EvidenceKind::wake_response);
  EXPECT_EQ(script.status().serverless.instances, 1u);
  EXPECT_EQ(script.status().serverless.slots, 4u);
}

TEST(Waking, a_wake_answered_404_proves_an_instance_and_one_request_proves_that_it_is_ready) {
  Script script(small_service());
  script.fill(1, 2);
  for (uint64_t id = 3; id < 6; ++id) script.arrive(id);
  script.wait(3s);
  script.tell(ProbeFinished{script.last_probe().probe, Outcome::client_error, std::nullopt});
  EXPECT_TRUE(on_serverless(script.started(3)));
  EXPECT_FALSE(script.started(4)) << "not before the first one was answered";
  EXPECT_EQ(script.status().serverless.evidence, EvidenceKind::unproven);
  EXPECT_TRUE(script.status().serverless.backends[0].probe_unproven);
  script.wait(20ms);
  script.first_byte(3);
  EXPECT_TRUE(on_serverless(script.started(4)));
  EXPECT_TRUE(on_serverless(script.started(5)));
  EXPECT_TRUE(script.status().serverless.backends[0].probe_unproven) << "the path is still wrong";
}

TEST(Waking, a_cold_start_that_a_request_ran_into_is_counted_as_seen) {
  ServiceSettings settings = small_service();
  settings.always_on.backends = 0;
  settings.wake.enabled = false;  // so the request itself starts the pool
  Script script(settings);
  script.arrive(1);
  ASSERT_TRUE(on_serverless(script.started(1)));
  script.wait(2s);
  script.answer(1, InstanceEvidence{InstanceKey{9}, 100ms, 0});
  EXPECT_EQ(script.status().cold_start.seen, 1u);
  EXPECT_EQ(script.status().cold_start.requests_delayed, 1u);
  EXPECT_EQ(script.status().serverless.state, PoolState::warm);
}

// Health probes go on, so the policy is asked again and again while it still remembers the burst.
TEST(Waking, an_idle_pool_is_left_alone_however_well_a_burst_is_remembered) {
  ServiceSettings settings = small_service();
  settings.health.enabled = true;
  settings.serverless.concurrency = 80;
  Script script(settings);
  const InstanceEvidence instance{InstanceKey{7}, 10s, 0};
  script.teach(1, 10, 100ms);
  for (uint64_t id = 100; id < 1100; ++id) {  // 100 a second, where 20 can be answered
    script.arrive(id);
    script.answer_probes(instance);
    script.wait(10ms);
    if (script.runs(id - 9)) script.answer(id - 9, instance);
  }
  for (uint64_t id = 1090; id < 1100; ++id) {
    if (script.runs(id)) script.answer(id, instance);
  }
  ASSERT_EQ(script.status().serverless.state, PoolState::warm);
  const uint64_t wakes = script.status().cold_start.wakes;
  EXPECT_GT(wakes, 0u);
  for (int i = 0; i < 600; ++i) {
    script.let_pass(100ms);
    script.answer_probes(instance);
  }
  EXPECT_EQ(script.status().cold_start.wakes, wakes);
  EXPECT_GT(script.status().probes_by_kind[static_cast<size_t>(ProbeKind::health)], 25u);
}

TEST(Waking, demand_that_grows_wakes_before_anyone_waits) {
  ServiceSettings settings = small_service();
  settings.always_on.concurrency = 10;
  Script script(settings);
  script.teach(1, 10, 100ms);
  uint64_t id = 100;
  for (script.arrive(id); script.probes(ProbeKind::wake) == 0; script.arrive(++id)) {
    ASSERT_LT(id, 400u);
    ASSERT_TRUE(on_always_on(script.started(id)));
    script.wait(11ms);
    if (script.runs(id - 8)) script.answer(id - 8);
  }
  EXPECT_EQ(script.status().queued, 0u);
}

TEST(Health, two_failed_probes_take_a_backend_out_and_two_good_ones_bring_it_back) {
  ServiceSettings settings = small_service();
  settings.health.enabled = true;
  settings.always_on.backends = 2;
  Script script(settings);
  const auto probe_all = [&](Outcome of_first) {
    script.let_pass(2300ms);
    const Actions actions = script.did();
    for (const Action& action : actions) {
      const auto* probe = std::get_if<StartProbe>(&action);
      if (probe == nullptr) continue;
      const Outcome outcome = probe->backend.index == 0 ? of_first : Outcome::ok;
      script.tell(ProbeFinished{probe->probe, outcome, std::nullopt});
    }
  };
  for (const uint64_t probe : {1, 2}) {  // those of the first step
    script.tell(ProbeFinished{ProbeId{probe}, Outcome::ok, std::nullopt});
  }
  probe_all(Outcome::timed_out);
  EXPECT_TRUE(script.status().always_on.backends[0].healthy);
  probe_all(Outcome::timed_out);
  EXPECT_FALSE(script.status().always_on.backends[0].healthy);
  script.arrive(1);
  EXPECT_EQ(script.started(1)->backend.index, 1);
  probe_all(Outcome::ok);
  EXPECT_FALSE(script.status().always_on.backends[0].healthy);
  probe_all(Outcome::ok);
  EXPECT_TRUE(script.status().always_on.backends[0].healthy);
}

TEST(Drain, ends_what_waits_finishes_what_runs_and_starts_nothing) {
  Script script(small_service());
  script.fill(1, 2);
  script.arrive(3);
  script.tell(DrainStarted{});
  ASSERT_TRUE(script.rejected(3));
  EXPECT_EQ(script.rejected(3)->reason, RejectReason::draining);
  EXPECT_EQ(script.rejected(3)->status, 503);
  EXPECT_GT(script.rejected(3)->retry_after, 0s);
  script.arrive(4);
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::draining);
  script.first_byte(1);
  EXPECT_TRUE(script.committed(script.attempt(1).attempt));
  script.finish(1);
  EXPECT_TRUE(script.did().empty());
  EXPECT_TRUE(script.status().draining);
}

TEST(Settings, more_slots_release_who_waits) {
  ServiceSettings settings = small_service();
  Script script(settings);
  script.fill(1, 2);
  script.arrive(3);
  settings.always_on.concurrency = 3;
  script.tell(SettingsChanged{settings});
  EXPECT_TRUE(on_always_on(script.started(3)));
}

TEST(Timer, is_moved_only_to_an_earlier_instant) {
  Script script(small_service());
  script.fill(1, 2);
  uint32_t moved = 0;
  for (uint64_t id = 3; id < 50; ++id) {
    script.arrive(id);
    for (const Action& action : script.did()) moved += std::get_if<SetTimer>(&action) ? 1 : 0;
    script.wait(1ms);
  }
  EXPECT_EQ(moved, 1u);
}

}  // namespace
}  // namespace warmgate::policy
