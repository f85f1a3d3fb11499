#include "sim/oracle.h"

#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace warmgate::sim {
namespace {

World small_world() {
  World world;
  world.slo = 1s;
  world.always_on.slots = 1;
  world.always_on.machine.usd_per_hour = 0;
  ServerlessModel& model = world.serverless;
  model.start = StartTime::fixed(5s);
  model.concurrency = 1;
  model.share_cores = false;
  model.round_trip = 0ms;
  model.memory_gib = 0;
  model.prices = {.request_vcpu_s = 1, .request_million = 0, .instance_vcpu_s = 1};
  return world;
}

workload::Workload at_once(std::initializer_list<Duration> services) {
  workload::Workload workload;
  for (const Duration service : services) workload.push_back({.at = 0s, .service = service});
  return workload;
}

TEST(Oracle, leaves_to_the_always_on_pool_what_it_can_do_in_time) {
  const Figures figures = oracle_schedule(small_world(), at_once({400ms, 400ms}));
  EXPECT_EQ(figures.violations(), 0u);
  EXPECT_EQ(figures.usd(), 0);
  EXPECT_EQ(figures.serverless_share, 0);
}

TEST(Oracle, pays_a_start_and_hides_it_for_what_exceeds_that) {
  const Figures figures = oracle_schedule(small_world(), at_once({400ms, 400ms, 400ms}));
  EXPECT_EQ(figures.violations(), 0u);
  EXPECT_EQ(figures.cold_starts_hidden, 1u);
  EXPECT_NEAR(figures.usd(), 5.4, 1e-9);
  EXPECT_NEAR(figures.serverless_share, 1.0 / 3, 1e-9);
}

TEST(Oracle, prolongs_an_instance_at_work_if_the_deadline_allows) {
  const Figures figures = oracle_schedule(small_world(), at_once({900ms, 400ms, 400ms}));
  EXPECT_NEAR(figures.usd(), 5.8, 1e-9);  // one after the other on one instance
  const Figures apart = oracle_schedule(small_world(), at_once({900ms, 800ms, 800ms}));
  EXPECT_NEAR(apart.usd(), 2 * 5.8, 1e-9);
}

TEST(Oracle, keeps_an_instance_while_that_is_cheaper_than_another_start) {
  World world = small_world();
  world.always_on.backends = 0;
  workload::Workload workload = {{.at = 0s, .service = 100ms}, {.at = 3s, .service = 100ms}};
  EXPECT_NEAR(oracle_schedule(world, workload).usd(), 5.2, 1e-9);  // idle is free
  world.serverless.billing = policy::Billing::instance;
  EXPECT_NEAR(oracle_schedule(world, workload).usd(), 5.2 + 2.9, 1e-9);  // kept
  workload[1].at = 60s;
  EXPECT_NEAR(oracle_schedule(world, workload).usd(), 2 * 5.1, 1e-9);  // released
  world.serverless.idle_least = world.serverless.idle_limit = 30s;
  // It cannot end one: 30 s of idling, and another start.
  EXPECT_NEAR(oracle_schedule(world, workload, {.can_release = false}).usd(), 30 + 2 * 5.1, 1e-9);
}

TEST(Oracle, counts_what_no_pool_can_do_in_time_as_violation) {
  const Figures figures = oracle_schedule(small_world(), at_once({2s, 100ms}));
  EXPECT_EQ(figures.violations(), 1u);
  EXPECT_EQ(oracle_bound(small_world(), at_once({2s, 100ms})).impossible, 1u);
}

TEST(Oracle, does_not_spend_more_credits_than_a_shared_core_machine_has) {
  World world = small_world();
  world.always_on.machine = *find_machine_type("e2-micro");
  world.always_on.slots = 2;
  workload::Workload workload;
  for (int i = 0; i < 600; ++i) workload.push_back({.at = i * 1s, .service = 900ms});
  const Figures figures = oracle_schedule(world, workload);
  EXPECT_EQ(figures.violations(), 0u);
  // 0.25 vCPU sustained and a bucket of 52.5 of 540 s of work.
  const double by_always_on = (0.25 * 600 + 52.5) / 540;
  EXPECT_NEAR(figures.serverless_share, 1 - by_always_on, 0.01);
}

TEST(Oracle, does_not_see_what_is_before_the_measured_part) {
  World world = small_world();
  world.always_on.machine.usd_per_hour = 3600;
  const workload::Workload workload = {
      {.at = 0s, .service = 900ms}, {.at = 0s, .service = 900ms}, {.at = 10s, .service = 900ms}};
  const Figures figures = oracle_schedule(world, workload, {.measure_from = 5s});
  EXPECT_EQ(figures.requests, 1u);
  EXPECT_NEAR(figures.usd(), 5.9, 1e-9);
  EXPECT_NEAR(oracle_bound(world, workload, 5s).usd, 5, 1e-9);
}

// ---- the bound

TEST(OracleBound, is_what_exceeds_the_always_on_pool_at_the_price_of_full_instances) {
  // 1.2 s of work at once, one second for it: 0.2 s are left, in a third of a request.
  const OracleBound bound = oracle_bound(small_world(), at_once({400ms, 400ms, 400ms}));
  EXPECT_NEAR(bound.overflow_s, 0.2, 1e-9);
  EXPECT_NEAR(bound.usd, 5.2, 1e-9);
}

TEST(OracleBound, is_nothing_where_the_always_on_pool_suffices) {
  EXPECT_EQ(oracle_bound(small_world(), at_once({500ms, 499ms})).usd, 0);
}

TEST(OracleBound, knows_that_a_request_too_long_for_the_always_on_pool_goes_elsewhere_whole) {
  World world = small_world();
  world.serverless.speed = 4;
  EXPECT_NEAR(oracle_bound(world, at_once({2s})).overflow_s, 2, 1e-9);
}

// Random worlds: the bound is below the schedule, and below what warmgate pays when it violates
// nothing.
TEST(OracleBound, is_below_every_schedule) {
  uint64_t without_violation = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    World world;
    world.slo = from_seconds(0.3 + prng.uniform());
    world.always_on.slots = 1 + static_cast<uint32_t>(prng.below(3));
    world.always_on.machine = machine_types()[prng.below(5)];
    world.always_on.share_cores = prng.chance(0.5);
    world.serverless.concurrency = 1 + static_cast<uint32_t>(prng.below(4));
    world.serverless.share_cores = prng.chance(0.5);
    world.serverless.scales_by_cpu = false;
    world.serverless.start = StartTime::fixed(from_seconds(0.1 + prng.uniform()));
    workload::Workload workload;
    double at_s = 0;
    const double rate = 1 + 40 * prng.uniform();
    for (int i = 0; i < 3'000; ++i) {
      at_s += prng.exponential(1 / rate);
      workload.push_back(
          {.at = from_seconds(at_s), .service = from_seconds(0.01 + 0.1 * prng.uniform())});
    }
    const OracleBound bound = oracle_bound(world, workload);
    const Figures schedule = oracle_schedule(world, workload);
    EXPECT_EQ(schedule.violations(), 0u);
    EXPECT_LE(bound.usd, schedule.usd() * (1 + 1e-12));
    const auto dispatcher = policy::make_warmgate_dispatcher(settings_for(world), seed);
    const Figures warmgate = simulate(world, workload, *dispatcher, seed);
    if (warmgate.violations() > 0) continue;
    ++without_violation;
    EXPECT_LE(bound.usd, warmgate.usd() * (1 + 1e-12));
  }
  EXPECT_GT(without_violation, 5u);
}

}  // namespace
}  // namespace warmgate::sim
