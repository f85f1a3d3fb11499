// The whole simulation: against queueing theory, and with warmgate's own policy under faults.
#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/assert.h"
#include "sim/test_dispatcher.h"

namespace warmgate::sim {
namespace {

workload::Workload poisson(double rate, Duration length, double service_s, uint64_t seed,
                           bool exponential_service = true) {
  Prng prng(seed);
  workload::Workload workload;
  for (double at = prng.exponential(1 / rate); at < to_seconds(length);
       at += prng.exponential(1 / rate)) {
    const double service = exponential_service ? prng.exponential(service_s) : service_s;
    workload.push_back(
        {.at = from_seconds(at), .service = std::max(Duration(1), from_seconds(service))});
  }
  return workload;
}

// Probability that one has to wait in M/M/c, times the mean wait of those: Erlang 1917.
double mean_wait_erlang_c(double rate, double service_s, int servers) {
  const double load = rate * service_s;
  double term = 1;
  double sum = 1;
  for (int k = 1; k < servers; ++k) sum += term *= load / k;
  term *= load / servers;
  const double waiting = term / (1 - load / servers);
  return waiting / (sum + waiting) * service_s / (servers - load);
}

TEST(Simulation, waits_of_an_always_on_pool_are_those_of_erlang_c) {
  for (const int servers : {1, 3}) {
    World world;
    world.serverless.max_instances = 0;
    world.always_on.share_cores = false;
    world.always_on.slots = static_cast<uint32_t>(servers);
    world.always_on.backlog = 1'000'000;
    const double service_s = 0.02;
    const double rate = 0.7 * servers / service_s;
    SendEverywhere all_to_always_on(policy::PoolKind::always_on);
    const Figures figures = simulate(world, poisson(rate, 2h, service_s, 5), all_to_always_on, 1);
    const double wait_s = to_seconds(figures.latency.mean()) - service_s;
    EXPECT_NEAR(wait_s / mean_wait_erlang_c(rate, service_s, servers), 1, 0.04) << servers;
    EXPECT_NEAR(figures.always_on_utilisation, 0.7, 0.01);
    EXPECT_EQ(figures.answered, figures.requests);
  }
}

// What the policy believes that the serverless pool costs, beside what it does cost.
TEST(Simulation, warmgates_own_estimate_of_cost_is_near_the_bill) {
  for (const policy::Billing billing : {policy::Billing::request, policy::Billing::instance}) {
    for (const uint32_t concurrency : {1u, 8u}) {
      for (const double rate : {0.1, 2.0, 20.0}) {
        World world;
        world.always_on.slots = 1;
        world.serverless.concurrency = concurrency;
        world.serverless.billing = billing;
        const auto dispatcher = policy::make_warmgate_dispatcher(settings_for(world), 1);
        const Figures figures = simulate(world, poisson(rate, 3h, 0.2, 7), *dispatcher, 1);
        const double estimate = dispatcher->status(Instant{} + 100h).spending.total;
        if (figures.cost.serverless() == 0) {
          EXPECT_EQ(estimate, 0) << "with paid idle time it may not be worth a wake";
          continue;
        }
        const double ratio = estimate / figures.cost.serverless();
        EXPECT_TRUE(ratio > 0.75 && ratio < 1.15)
            << ratio << " at " << rate << " a second, concurrency " << concurrency
            << (billing == policy::Billing::request ? ", by request" : ", by instance");
      }
    }
  }
}

TEST(Simulation, one_shared_core_gives_the_sojourn_time_of_processor_sharing) {
  World world;
  world.serverless.max_instances = 0;
  world.always_on.machine.vcpus = world.always_on.machine.sustained_vcpus = 1;
  world.always_on.slots = 100'000;
  const double service_s = 0.02;
  const double rate = 0.6 / service_s;
  SendEverywhere all_to_always_on(policy::PoolKind::always_on);
  // Insensitive to the distribution of service times: service / (1 - load).
  for (const bool exponential : {true, false}) {
    const Figures figures =
        simulate(world, poisson(rate, 2h, service_s, 6, exponential), all_to_always_on, 1);
    EXPECT_NEAR(to_seconds(figures.latency.mean()) / (service_s / 0.4), 1, 0.04);
  }
}

// ---- warmgate's own policy

struct Case {
  World world;
  workload::Workload workload;
};

Case random_case(uint64_t seed) {
  Prng prng(seed * 7919);
  Case drawn;
  World& world = drawn.world;
  const auto pick = [&](double low, double high) { return low + (high - low) * prng.uniform(); };
  world.slo = from_seconds(pick(0.1, 2));
  world.always_on.backends = static_cast<uint16_t>(prng.below(3));
  world.always_on.slots = 1 + static_cast<uint32_t>(prng.below(4));
  world.always_on.machine = machine_types()[prng.below(machine_types().size())];
  world.always_on.share_cores = prng.chance(0.7);
  world.serverless.max_instances = world.always_on.backends > 0 && prng.chance(0.2)
                                       ? 0
                                       : 1 + static_cast<uint32_t>(prng.below(6));
  world.serverless.min_instances =
      prng.chance(0.2) ? std::min(1u, world.serverless.max_instances) : 0;
  world.serverless.concurrency = 1 + static_cast<uint32_t>(prng.below(8));
  world.serverless.share_cores = prng.chance(0.5);
  world.serverless.start = prng.chance(0.5) ? StartTime::fixed(from_seconds(pick(0.05, 8)))
                                            : StartTime::lognormal(from_seconds(pick(0.05, 2)), 9s);
  world.serverless.idle_limit = from_seconds(pick(2, 200));
  world.serverless.idle_least = world.serverless.idle_limit / 2;
  world.serverless.names_instances = prng.chance(0.6);
  world.serverless.placement = static_cast<Placement>(prng.below(3));
  if (prng.chance(0.3)) world.serverless.billing = policy::Billing::instance;
  world.first_byte_share = prng.chance(0.3) ? pick(0.1, 0.9) : 1;
  world.slo_first_byte = prng.chance(0.2);
  world.service_noise = prng.chance(0.4) ? pick(0.1, 1) : 0;
  world.cancel_ends_work = prng.chance(0.7);
  const Duration length = 5min;
  if (prng.chance(0.6)) {
    const FaultRates rates{2'000, 2'000, 1'000, 1'000, 5s, 6};
    world.faults = draw_faults(rates, world.always_on, length, seed);
  }
  drawn.workload = poisson(pick(0.5, 60), length, pick(0.005, 0.1), seed);
  for (workload::Request& request : drawn.workload) {
    request.low_priority = prng.chance(0.2);
    request.heavy = prng.chance(0.05);
    request.bytes = static_cast<uint32_t>(prng.below(100'000));
  }
  return drawn;
}

Duration measure_from(uint64_t seed) {
  return seed % 3 == 0 ? Duration{1min} : Duration{};
}

Figures run(const Case& drawn, uint64_t seed, uint64_t check_every) {
  const auto dispatcher = policy::make_warmgate_dispatcher(settings_for(drawn.world), seed);
  SimulationOptions options;
  options.check_every = check_every;
  options.bins = 50;
  options.measure_from = measure_from(seed);
  return simulate(drawn.world, drawn.workload, *dispatcher, seed, options);
}

// An assertion of the policy ends the program, so it must say which world broke it.
uint64_t world_seed = 0;
void name_world(const char*, const char*, const char*, int) {
  std::fprintf(stderr, "reproduce with WARMGATE_SEED=%llu\n",
               static_cast<unsigned long long>(world_seed));
}

void run_any_world(uint64_t seed) {
  world_seed = seed;
  SCOPED_TRACE("reproduce with WARMGATE_SEED=" + std::to_string(seed));
  const Case drawn = random_case(seed);
  const Figures figures = run(drawn, seed, 1);
  const auto before = static_cast<size_t>(
      std::count_if(drawn.workload.begin(), drawn.workload.end(),
                    [&](const workload::Request& r) { return r.at < measure_from(seed); }));
  EXPECT_EQ(figures.requests, drawn.workload.size() - before);
  EXPECT_EQ(figures.requests, figures.answered + figures.refused + figures.failed);
  EXPECT_EQ(figures.latency.count(), figures.answered);
  uint64_t by_cause = 0;
  for (const uint64_t count : figures.violations_by_cause) by_cause += count;
  EXPECT_EQ(by_cause, figures.violations());
  EXPECT_LE(figures.wakes.useful + figures.wakes.wasted, figures.wakes.total);
  EXPECT_LE(figures.cold_starts_hidden, figures.starts);
  EXPECT_LE(figures.cold_starts_late, figures.cold_starts_seen);
  uint64_t arrivals = 0;
  for (const Timeline::Bin& bin : figures.timeline.bins) arrivals += bin.arrivals;
  EXPECT_EQ(arrivals, figures.requests);
}

TEST(SimulatedWarmgate, holds_its_invariants_and_ends_each_request_once_in_any_world) {
  set_assert_hook(name_world);
  if (const char* seed = std::getenv("WARMGATE_SEED")) {
    return run_any_world(std::strtoull(seed, nullptr, 10));
  }
  for (uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) run_any_world(seed);
  set_assert_hook(nullptr);
}

TEST(SimulatedWarmgate, is_the_same_for_the_same_seed) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Case drawn = random_case(seed);
    const Figures first = run(drawn, seed, 0);
    const Figures second = run(drawn, seed, 0);
    EXPECT_EQ(first.usd(), second.usd());
    EXPECT_EQ(first.steps, second.steps);
    EXPECT_EQ(first.violations(), second.violations());
    EXPECT_EQ(first.latency.sum(), second.latency.sum());
  }
}

TEST(Simulation, its_parts_add_up_to_the_whole) {
  World world;
  world.serverless.max_instances = 0;
  const workload::Workload workload = poisson(20, 1h, 0.03, 4);
  SendEverywhere first(policy::PoolKind::always_on);
  const Figures whole = simulate(world, workload, first, 1);
  SendEverywhere second(policy::PoolKind::always_on);
  SimulationOptions options;
  options.measure_from = 40min;
  options.bins = 20;
  const Figures part = simulate(world, workload, second, 1, options);
  EXPECT_EQ(static_cast<size_t>(part.requests),
            workload.size() - static_cast<size_t>(std::count_if(
                                  workload.begin(), workload.end(),
                                  [](const workload::Request& r) { return r.at < 40min; })));
  EXPECT_EQ(part.answered, part.requests);
  EXPECT_NEAR(part.usd() / whole.usd(), 1.0 / 3, 0.01);
  EXPECT_NEAR(part.always_on_utilisation, whole.always_on_utilisation, 0.02);
  double in_flight = 0;
  for (const Timeline::Bin& bin : part.timeline.bins) in_flight += bin.always_on_in_flight / 20;
  EXPECT_NEAR(in_flight, 20 * to_seconds(part.latency.mean()), 0.05);  // Little's law
}

TEST(Simulation, an_empty_workload_is_over_at_once) {
  SendEverywhere nobody(policy::PoolKind::always_on);
  const Figures figures = simulate(World{}, {}, nobody, 1);
  EXPECT_EQ(figures.requests, 0u);
  EXPECT_EQ(figures.violations_per_million(), 0);
}

// 40 hours of work for one slot: what is not answered within a day after the last arrival has
// failed.
TEST(Simulation, a_day_after_the_last_arrival_nobody_waits_any_more) {
  World world;
  world.serverless.max_instances = 0;
  world.always_on.share_cores = false;
  world.always_on.slots = 1;
  world.first_byte_limit = 100h;
  workload::Workload workload(40, {.at = 1s, .service = 1h});
  SendEverywhere all_to_always_on(policy::PoolKind::always_on);
  const Figures figures = simulate(world, workload, all_to_always_on, 1);
  EXPECT_EQ(figures.requests, 40u);
  EXPECT_NEAR(static_cast<double>(figures.answered), 24, 1);
  EXPECT_EQ(figures.answered + figures.failed, 40u);
}

TEST(Simulation, the_stop_flag_ends_it_early) {
  std::atomic<bool> stop = false;
  SimulationOptions options;
  options.stop = &stop;
  uint64_t reports = 0;
  options.progress = [&](uint64_t) { stop = ++reports == 2; };
  SendEverywhere all_to_always_on(policy::PoolKind::always_on);
  const Figures figures =
      simulate(World{}, poisson(100, 1h, 0.01, 3), all_to_always_on, 1, options);
  EXPECT_TRUE(figures.stopped);
  EXPECT_EQ(reports, 2u);
  EXPECT_LT(figures.requests, 20'000u);
}

}  // namespace
}  // namespace warmgate::sim
