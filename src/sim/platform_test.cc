// The rules of the serverless platform, each by a workload of a few requests that all go there.
#include "sim/platform.h"

#include <gtest/gtest.h>

#include "sim/simulation.h"
#include "sim/test_dispatcher.h"

namespace warmgate::sim {
namespace {

struct At {
  Duration at{};
  Duration service = 50ms;
};

class PlatformTest : public testing::Test {
 protected:
  PlatformTest() {
    world_.always_on.backends = 0;
    ServerlessModel& model = world_.serverless;
    model.start = StartTime::fixed(5s);
    model.concurrency = 2;
    model.share_cores = false;
    model.round_trip = 0ms;
    model.vcpus = 1;
    model.memory_gib = 0;
    model.prices = {
        .request_vcpu_s = 1, .request_million = 0, .idle_vcpu_s = 0.1, .instance_vcpu_s = 1};
  }

  Figures run(const std::vector<At>& requests) {
    workload::Workload workload;
    for (const At& request : requests) {
      workload.push_back({.at = request.at, .service = request.service});
    }
    dispatcher_ = SendEverywhere(policy::PoolKind::serverless);
    if (release_after_) dispatcher_.release_after(*release_after_);
    if (probe_hold_) dispatcher_.send_probe(*probe_hold_);
    SimulationOptions options;
    options.measure_from = measure_from_;
    return simulate(world_, workload, dispatcher_, seed_, options);
  }
  Duration end(size_t i) const { return dispatcher_.ends[i].at - Instant{24h}; }
  uint64_t instance(size_t i) const { return dispatcher_.answers[i].evidence->instance.value; }

  World world_;
  uint64_t seed_ = 1;
  std::optional<Duration> probe_hold_;
  std::optional<size_t> release_after_;
  Duration measure_from_{};
  SendEverywhere dispatcher_{policy::PoolKind::serverless};
};

// ---- an instance that is asked to end

TEST_F(PlatformTest, who_is_asked_to_end_finishes_takes_no_more_and_is_not_paid_any_longer) {
  world_.serverless.billing = policy::Billing::instance;
  world_.serverless.can_release = true;
  release_after_ = 2;
  const Figures figures = run({{0s}, {10s, 4s}, {11s}});  // two slots: the word finds one free
  EXPECT_EQ(dispatcher_.probes.back().event.outcome, policy::Outcome::ok);
  EXPECT_EQ(end(1), 14s) << "what it had is finished";
  EXPECT_EQ(end(2), 16050ms) << "the next request needs another instance";
  EXPECT_EQ(figures.starts, 2u);
  // 14 s of the first; the second from 11 s to the end, at 16.1 s.
  EXPECT_NEAR(figures.cost.serverless_cpu, 14 + 5.1, 0.11);
}

TEST_F(PlatformTest, who_cannot_be_asked_answers_404_and_stays) {
  world_.serverless.billing = policy::Billing::instance;
  release_after_ = 1;
  const Figures figures = run({{0s}, {10s}});
  EXPECT_EQ(dispatcher_.probes.back().event.outcome, policy::Outcome::client_error);
  EXPECT_EQ(figures.starts, 1u);
}

// ---- starts and placement

TEST_F(PlatformTest, a_request_from_zero_waits_for_the_start_and_the_next_does_not) {
  const Figures figures = run({{0s}, {6s}});
  EXPECT_EQ(end(0), 5050ms);
  EXPECT_EQ(end(1), 6050ms);
  EXPECT_EQ(figures.starts, 1u);
  EXPECT_EQ(figures.cold_starts_seen, 1u);
  EXPECT_EQ(figures.cold_starts_hidden, 0u);
}

TEST_F(PlatformTest, waiting_requests_start_no_more_instances_than_will_take_them) {
  EXPECT_EQ(run({{0s}, {1s}}).starts, 1u);  // two slots
  EXPECT_EQ(run({{0s}, {1s}, {2s}}).starts, 2u);
  EXPECT_EQ(end(2), 5100ms);  // the first instance has room again when its requests are done
}

TEST_F(PlatformTest, never_more_than_max_instances_nor_more_at_a_time_than_their_slots) {
  world_.serverless.max_instances = 1;
  const Figures figures = run({{0s}, {0s}, {0s}});
  EXPECT_EQ(figures.starts, 1u);
  EXPECT_EQ(end(1), 5050ms);
  EXPECT_EQ(end(2), 5100ms);
}

TEST_F(PlatformTest, who_waits_longer_than_the_platform_allows_gets_429) {
  world_.serverless.max_instances = 1;
  world_.serverless.concurrency = 1;
  run({{0s, 60s}, {1s}});
  // 3.5 x 5 s
  EXPECT_EQ(dispatcher_.answers[0].status, 429);
  EXPECT_EQ(dispatcher_.answers[0].at, Instant{24h} + 18500ms);
  EXPECT_EQ(dispatcher_.ends[0].outcome, policy::Outcome::refused_busy);
  world_.serverless.start = StartTime::fixed(1s);
  run({{0s, 60s}, {1s}});
  EXPECT_EQ(dispatcher_.answers[0].at, Instant{24h} + 11s);  // at least 10 s
}

TEST_F(PlatformTest, the_queue_of_the_platform_is_bounded) {
  world_.serverless.max_waiting = 1;
  const Figures figures = run({{0s}, {0s}});
  EXPECT_EQ(dispatcher_.answers[0].status, 429);
  EXPECT_EQ(figures.refused, 1u);
  EXPECT_EQ(figures.answered, 1u);
}

TEST_F(PlatformTest, packed_placement_lets_the_second_instance_idle_and_round_robin_does_not) {
  world_.serverless.concurrency = 1;
  const std::vector<At> requests = {{0s}, {0s}, {10s}, {11s}, {12s}, {13s}};
  run(requests);
  EXPECT_EQ(instance(2), instance(3));
  EXPECT_EQ(instance(3), instance(4));
  world_.serverless.placement = Placement::round_robin;
  run(requests);
  EXPECT_NE(instance(2), instance(3));
  EXPECT_EQ(instance(2), instance(4));
  world_.serverless.placement = Placement::most_recent;
  run(requests);
  EXPECT_EQ(instance(2), instance(1));
  EXPECT_EQ(instance(3), instance(1));
}

TEST_F(PlatformTest, requests_share_the_vcpus_of_their_instance) {
  world_.serverless.share_cores = true;
  run({{0s}, {10s, 1s}, {10s, 1s}});
  EXPECT_EQ(end(2), 12s);
}

TEST_F(PlatformTest, the_round_trip_is_part_of_the_answer_but_not_of_the_bill) {
  world_.serverless.round_trip = 30ms;
  const Figures figures = run({{0s, 100ms}});
  EXPECT_EQ(end(0), 5130ms);
  EXPECT_NEAR(figures.cost.serverless(), 5.1, 1e-9);
}

// ---- evidence and probes

TEST_F(PlatformTest, answers_name_their_instance_its_age_and_what_it_served) {
  world_.serverless.process_share = 0.8;
  run({{0s}, {9s}});
  ASSERT_TRUE(dispatcher_.answers[1].evidence);
  EXPECT_EQ(instance(0), instance(1));
  EXPECT_EQ(dispatcher_.answers[0].evidence->age, 4050ms);  // 80 % of the start, and the service
  EXPECT_EQ(dispatcher_.answers[1].evidence->age, 8050ms);
  EXPECT_EQ(dispatcher_.answers[1].evidence->served, 1u);
  world_.serverless.names_instances = false;
  run({{0s}});
  EXPECT_FALSE(dispatcher_.answers[0].evidence);
}

TEST_F(PlatformTest, a_held_probe_takes_up_a_slot_until_it_is_let_go) {
  world_.serverless.concurrency = 1;
  world_.serverless.max_instances = 1;
  world_.serverless.probe_time = 2ms;
  probe_hold_ = 10s;
  run({{7s}});
  ASSERT_EQ(dispatcher_.probes.size(), 1u);
  EXPECT_EQ(dispatcher_.probes[0].at - Instant{24h}, 15002ms);
  EXPECT_EQ(end(0), 15052ms);
}

TEST_F(PlatformTest, a_wake_is_useful_if_what_it_started_answers_a_request) {
  probe_hold_ = 0ms;
  Figures figures = run({{7s}});
  EXPECT_EQ(figures.wakes.total, 1u);
  EXPECT_EQ(figures.wakes.useful, 1u);
  EXPECT_EQ(figures.wakes.wasted, 0u);
  EXPECT_EQ(figures.cold_starts_seen, 0u);
  EXPECT_EQ(figures.cold_starts_hidden, 1u);
  EXPECT_NEAR(figures.wakes.usd, 5.1, 1e-9);  // its start and the probe, before the request
  world_.serverless.idle_least = world_.serverless.idle_limit = 60s;
  figures = run({{2min}});  // too late: the instance is gone
  EXPECT_EQ(figures.wakes.useful, 0u);
  EXPECT_EQ(figures.wakes.wasted, 1u);
  EXPECT_EQ(figures.starts, 2u);
}

// ---- the life of instances

TEST_F(PlatformTest, an_idle_instance_ends_within_its_limits) {
  world_.serverless.idle_least = 100s;
  world_.serverless.idle_limit = 200s;
  uint64_t alive = 0;
  constexpr uint64_t kWorlds = 400;
  for (seed_ = 1; seed_ <= kWorlds; ++seed_) {
    EXPECT_EQ(run({{0s}, {5050ms + 99s}}).starts, 1u);
    EXPECT_EQ(run({{0s}, {5050ms + 201s}}).starts, 2u);
    alive += run({{0s}, {5050ms + 150s}}).starts == 1 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(alive) / kWorlds, 0.5, 0.08);
}

TEST_F(PlatformTest, min_instances_are_there_from_the_start_and_stay) {
  world_.serverless.min_instances = 1;
  const Figures figures = run({{0s}, {3h}});
  EXPECT_EQ(end(0), 50ms);
  EXPECT_EQ(end(1), 3h + 50ms);
  EXPECT_EQ(figures.starts, 0u);
  // Idle all the time but for two intervals of 100 ms, of which 50 ms each were at work.
  EXPECT_NEAR(figures.cost.serverless_idle, 0.1 * (3 * 3600 + 0.05 - 0.1), 1e-6);
  EXPECT_NEAR(figures.cost.serverless_cpu, 0.2, 1e-9);
}

TEST_F(PlatformTest, more_than_the_target_for_a_while_adds_instances_after_the_window_saw_it) {
  world_.serverless.concurrency = 10;
  world_.serverless.target_utilisation = 0.6;
  // Nine long requests of ten slots: nobody waits, but the mean passes six within the minute.
  const std::vector<At> requests(9, At{0s, 5min});
  EXPECT_EQ(run(requests).starts, 2u);
  const std::vector<At> short_ones(9, At{0s, 30s});  // (5 s start + 30 s) x 9 / 60 s = 5.25
  EXPECT_EQ(run(short_ones).starts, 1u);
  world_.serverless.share_cores = true;  // one vCPU busy for minutes: 1 / 0.6 instances
  EXPECT_EQ(run({{0s, 2min}}).starts, 2u);
  world_.serverless.scales_by_cpu = false;
  EXPECT_EQ(run({{0s, 2min}}).starts, 1u);
}

// ---- the bill

TEST_F(PlatformTest, request_based_bills_start_and_service_rounded_up_overlaps_once) {
  EXPECT_NEAR(run({{0s, 10ms}}).cost.serverless(), 5.1, 1e-9);
  EXPECT_NEAR(run({{0s, 10ms}, {10s, 150ms}}).cost.serverless(), 5.3, 1e-9);
  EXPECT_NEAR(run({{0s, 10ms}, {10s, 150ms}, {10050ms, 150ms}}).cost.serverless(), 5.3, 1e-9);
}

TEST_F(PlatformTest, the_fee_is_per_request_and_probes_are_requests) {
  world_.serverless.prices.request_million = 1e6;
  probe_hold_ = 0ms;
  EXPECT_NEAR(run({{7s}, {8s}}).cost.serverless_requests, 3, 1e-9);
  world_.serverless.billing = policy::Billing::instance;
  EXPECT_EQ(run({{7s}, {8s}}).cost.serverless_requests, 0);
}

TEST_F(PlatformTest, instance_based_bills_idle_time_until_the_instance_ends) {
  world_.serverless.billing = policy::Billing::instance;
  world_.serverless.idle_least = world_.serverless.idle_limit = 60s;
  // The first lives from 0 s to 65.05 s, rounded up; the second until the simulation ends.
  const Figures figures = run({{0s}, {100s}});
  EXPECT_NEAR(figures.cost.serverless(), 65.1 + 5.1, 1e-9);
}

TEST_F(PlatformTest, the_free_tier_counts_for_the_time_that_was_simulated) {
  world_.serverless.use_free_tier = true;
  world_.serverless.free_tier.request_vcpu_s = 5 * 730 * 3600 / 5.1;  // 5 in this simulation
  EXPECT_NEAR(run({{0s, 100ms}}).cost.serverless_cpu, 0.1, 1e-6);
}

TEST_F(PlatformTest, what_was_before_the_measured_part_is_not_counted_but_has_its_effects) {
  measure_from_ = 10s;
  const Figures figures = run({{0s}, {20s}, {9h}});
  EXPECT_EQ(figures.requests, 2u);
  EXPECT_EQ(figures.answered, 2u);
  EXPECT_EQ(figures.starts, 1u);  // the first was warm from before, and had ended by the last
  EXPECT_EQ(figures.cold_starts_seen, 1u);
  EXPECT_EQ(figures.late, 1u);
  EXPECT_NEAR(figures.cost.serverless(), 0.1 + 5.1, 1e-9);
  EXPECT_NEAR(to_seconds(figures.span), 9 * 3600 + 5.05 - 10, 1e-9);
}

// ---- faults

TEST_F(PlatformTest, an_instance_that_crashes_takes_its_requests_with_it) {
  world_.faults = {{.kind = FaultKind::instance_crash, .at = 7s}};
  const Figures figures = run({{0s, 10s}, {8s}});
  EXPECT_EQ(dispatcher_.ends[0].outcome, policy::Outcome::broken);
  EXPECT_EQ(end(0), 7s);
  EXPECT_EQ(end(1), 13050ms);
  EXPECT_EQ(figures.failed, 1u);
  EXPECT_EQ(figures.violations_by_cause[static_cast<size_t>(ViolationCause::failed)], 1u);
}

TEST_F(PlatformTest, a_slow_period_stretches_what_is_begun_in_it) {
  world_.faults = {{.kind = FaultKind::slow, .at = 10s, .length = 5s, .factor = 4}};
  run({{0s}, {9s}, {10s}, {16s}});
  EXPECT_EQ(end(1), 9050ms);
  EXPECT_EQ(end(2), 10200ms);
  EXPECT_EQ(end(3), 16050ms);
}

TEST_F(PlatformTest, a_partition_fails_new_connections_and_leaves_what_runs) {
  world_.faults = {{.kind = FaultKind::partition, .at = 10s, .length = 5s}};
  run({{0s}, {9s, 3s}, {11s}, {15s}});
  EXPECT_EQ(dispatcher_.ends[1].outcome, policy::Outcome::connect_failed);
  EXPECT_EQ(end(1), 11s);
  EXPECT_EQ(dispatcher_.ends[2].outcome, policy::Outcome::ok);
  EXPECT_EQ(dispatcher_.ends[3].outcome, policy::Outcome::ok);
}

TEST_F(PlatformTest, an_attempt_without_a_first_byte_for_too_long_times_out) {
  world_.first_byte_limit = 3s;
  const Figures figures = run({{0s}, {2s}, {6s}});
  EXPECT_EQ(dispatcher_.ends[0].outcome, policy::Outcome::timed_out);
  EXPECT_EQ(end(0), 3s);
  EXPECT_EQ(end(1), 5s);
  EXPECT_EQ(figures.failed, 2u);
  EXPECT_EQ(figures.answered, 1u);
}

}  // namespace
}  // namespace warmgate::sim
