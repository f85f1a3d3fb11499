#include "sim/always_on_pool.h"

#include <gtest/gtest.h>

#include "sim/simulation.h"
#include "sim/test_dispatcher.h"

namespace warmgate::sim {
namespace {

Figures run(const World& world, SendEverywhere& dispatcher,
            const std::vector<std::pair<Duration, Duration>>& requests) {
  workload::Workload workload;
  for (const auto& [at, service] : requests) workload.push_back({.at = at, .service = service});
  return simulate(world, workload, dispatcher, 1);
}

World one_slot() {
  World world;
  world.serverless.max_instances = 0;
  world.always_on.slots = 1;
  return world;
}

Duration end(const SendEverywhere& dispatcher, size_t i) {
  return dispatcher.ends[i].at - Instant{24h};
}

TEST(AlwaysOnPool, what_exceeds_the_slots_waits_at_the_backend_and_beyond_its_queue_gets_503) {
  World world = one_slot();
  world.always_on.backlog = 1;
  SendEverywhere dispatcher(policy::PoolKind::always_on);
  const Figures figures = run(world, dispatcher, {{0s, 1s}, {0s, 1s}, {0s, 1s}});
  EXPECT_EQ(dispatcher.answers[0].status, 503);
  EXPECT_EQ(end(dispatcher, 1), 1s);
  EXPECT_EQ(end(dispatcher, 2), 2s);
  EXPECT_EQ(figures.refused, 1u);
  EXPECT_EQ(figures.late, 2u);
}

TEST(AlwaysOnPool, a_faster_machine_takes_less_time) {
  World world = one_slot();
  world.always_on.machine.speed = 2;
  world.always_on.round_trip = 1ms;
  SendEverywhere dispatcher(policy::PoolKind::always_on);
  run(world, dispatcher, {{0s, 100ms}});
  EXPECT_EQ(end(dispatcher, 0), 51ms);
}

TEST(AlwaysOnPool, a_shared_core_machine_out_of_credits_is_slow) {
  World world = one_slot();
  world.always_on.machine = *find_machine_type("e2-micro");
  SendEverywhere dispatcher(policy::PoolKind::always_on);
  // A full bucket is (2 - 0.25) x 30 s; one vCPU takes 0.75 of it per second: 70 s.
  run(world, dispatcher, {{0s, 70s}, {70s, 1s}});
  EXPECT_NEAR(to_seconds(end(dispatcher, 0)), 70, 1e-6);
  EXPECT_NEAR(to_seconds(end(dispatcher, 1)), 74, 1e-6);
}

TEST(AlwaysOnPool, a_streamed_answer_has_its_first_byte_before_its_last) {
  World world = one_slot();
  world.first_byte_share = 0.25;
  world.slo_first_byte = true;
  world.slo = 300ms;
  SendEverywhere dispatcher(policy::PoolKind::always_on);
  const Figures figures = run(world, dispatcher, {{0s, 1s}});
  EXPECT_EQ(dispatcher.answers[0].at, Instant{24h} + 250ms);
  EXPECT_EQ(end(dispatcher, 0), 1s);
  EXPECT_EQ(figures.violations(), 0u);
  EXPECT_EQ(figures.latency.max(), 250ms);
}

TEST(AlwaysOnPool, a_crash_loses_what_runs_and_waits_and_refuses_connections_for_a_while) {
  World world = one_slot();
  world.faults = {{.kind = FaultKind::always_on_crash, .at = 500ms, .length = 2s}};
  SendEverywhere dispatcher(policy::PoolKind::always_on);
  const Figures figures = run(world, dispatcher, {{0s, 1s}, {0s, 1s}, {1s, 1s}, {3s, 100ms}});
  EXPECT_EQ(dispatcher.ends[0].outcome, policy::Outcome::broken);
  EXPECT_EQ(dispatcher.ends[1].outcome, policy::Outcome::broken);
  EXPECT_EQ(end(dispatcher, 1), 500ms);
  EXPECT_EQ(dispatcher.ends[2].outcome, policy::Outcome::connect_failed);
  EXPECT_EQ(dispatcher.ends[3].outcome, policy::Outcome::ok);
  EXPECT_EQ(figures.failed, 3u);
}

TEST(AlwaysOnPool, costs_its_machines_for_the_whole_span) {
  World world = one_slot();
  world.always_on.backends = 3;
  SendEverywhere dispatcher(policy::PoolKind::always_on);
  const Figures figures = run(world, dispatcher, {{0s, 1s}, {10h - 1s, 1s}});
  EXPECT_NEAR(figures.usd(), 3 * 10 * world.always_on.machine.usd_per_hour, 1e-9);
  EXPECT_NEAR(figures.usd_per_month(), 3 * 730 * world.always_on.machine.usd_per_hour, 1e-6);
}

}  // namespace
}  // namespace warmgate::sim
