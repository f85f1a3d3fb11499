#include "sim/world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace warmgate::sim {
namespace {

TEST(StartTime, has_the_median_and_the_99th_percentile_that_it_was_given) {
  const StartTime start = StartTime::lognormal(5s, 20s);
  Prng prng(1);
  std::vector<double> draws;
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    draws.push_back(to_seconds(start.draw(prng)));
    sum += draws.back();
  }
  std::sort(draws.begin(), draws.end());
  EXPECT_NEAR(draws[50'000], 5, 0.1);
  EXPECT_NEAR(draws[99'000], 20, 0.8);
  EXPECT_NEAR(to_seconds(start.mean()), sum / 100'000, 0.05);
  EXPECT_EQ(start.shortest(), 0s);
}

TEST(StartTime, is_the_sum_of_its_phases) {
  StartTime start;
  start.phases = {{2s, 2s}, {3s, 3s}};
  Prng prng(1);
  EXPECT_EQ(start.draw(prng), 5s);
  EXPECT_EQ(start.mean(), 5s);
  EXPECT_EQ(start.shortest(), 5s);
  EXPECT_EQ(StartTime::fixed(0s).draw(prng), 0s);
}

TEST(Faults, come_as_often_as_their_rates_say_and_in_order) {
  AlwaysOnModel always_on;
  always_on.backends = 3;
  const FaultRates rates{10, 20, 30, 40, 30s, 4};
  const Duration span = 24h * 50;
  const std::vector<Fault> faults = draw_faults(rates, always_on, span, 1);
  const auto count = [&](FaultKind kind) {
    return static_cast<double>(std::count_if(faults.begin(), faults.end(),
                                             [&](const Fault& f) { return f.kind == kind; }));
  };
  EXPECT_NEAR(count(FaultKind::always_on_crash), 500, 100);
  EXPECT_NEAR(count(FaultKind::instance_crash), 1000, 150);
  EXPECT_NEAR(count(FaultKind::slow), 1500, 180);
  EXPECT_NEAR(count(FaultKind::partition), 2000, 200);
  EXPECT_TRUE(std::is_sorted(faults.begin(), faults.end(),
                             [](const Fault& a, const Fault& b) { return a.at < b.at; }));
  for (const Fault& fault : faults) {
    EXPECT_LT(fault.at, span);
    EXPECT_LT(fault.index, 3);
  }
  EXPECT_TRUE(draw_faults({}, always_on, span, 1).empty());
}

TEST(SettingsFor, are_the_facts_of_the_world_and_ask_for_health_only_where_something_can_fail) {
  World world;
  world.slo = 2s;
  world.always_on.backends = 3;
  world.always_on.slots = 7;
  world.serverless.concurrency = 9;
  world.serverless.start = StartTime::fixed(12s);
  policy::ServiceSettings settings = settings_for(world);
  EXPECT_EQ(settings.slo, 2s);
  EXPECT_EQ(settings.always_on.backends, 3);
  EXPECT_EQ(settings.always_on.concurrency, 7u);
  EXPECT_EQ(settings.serverless.concurrency, 9u);
  EXPECT_EQ(settings.serverless.expected_cold_start, 12s);
  EXPECT_FALSE(settings.health.enabled);
  world.faults = {{.kind = FaultKind::always_on_crash}};
  EXPECT_TRUE(settings_for(world).health.enabled);
  world.serverless.max_instances = 0;
  EXPECT_EQ(settings_for(world).serverless.backends, 0);
}

TEST(Machines, are_found_by_name_and_shared_cores_sustain_less_than_they_have) {
  ASSERT_NE(find_machine_type("e2-micro"), nullptr);
  EXPECT_EQ(find_machine_type("e2-micro")->usd_per_hour, 0.008376);
  EXPECT_EQ(find_machine_type("e2-huge"), nullptr);
  for (const MachineType& type : machine_types()) {
    EXPECT_EQ(find_machine_type(type.name), &type);
    EXPECT_LE(type.sustained_vcpus, type.vcpus);
    EXPECT_GT(type.usd_per_hour, 0);
  }
}

}  // namespace
}  // namespace warmgate::sim
