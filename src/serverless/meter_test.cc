#include "serverless/meter.h"

#include <gtest/gtest.h>

namespace warmgate::serverless {
namespace {

constexpr InstanceId kFirst{1}, kSecond{2};

constexpr Instant at(Duration since_start) {
  return Instant(10h) + since_start;
}

MeterSettings one_cpu_one_gib() {
  MeterSettings settings;
  settings.vcpus = 1;
  settings.memory_gib = 1;
  return settings;
}

TEST(Meter, StartIsBilledAndRoundedUp) {
  Meter meter(one_cpu_one_gib(), 0);
  meter.instance_started(at(0s), kFirst);
  meter.set_active(at(1234ms), kFirst, false);
  Bill bill = meter.bill(at(60s));
  EXPECT_EQ(bill.request_active, 1300ms);
  EXPECT_EQ(bill.instance_life, 60s);
  EXPECT_EQ(bill.request_idle, 0s) << "idle without min-instances is free";
  EXPECT_NEAR(bill.request_usd, 1.3 * (0.000024 + 0.0000025), 1e-12);
  EXPECT_NEAR(bill.instance_usd, 60 * (0.000018 + 0.000002), 1e-12);
}

TEST(Meter, ExactMultiplesAreNotRounded) {
  Meter meter(one_cpu_one_gib(), 0);
  meter.instance_started(at(0s), kFirst);
  meter.instance_ended(at(2s), kFirst);
  EXPECT_EQ(meter.bill(at(9s)).request_active, 2s);
  EXPECT_EQ(meter.bill(at(9s)).instance_life, 2s);
}

TEST(Meter, SeparateRequestsAreRoundedSeparately) {
  Meter meter(one_cpu_one_gib(), 0);
  meter.instance_started(at(0s), kFirst);
  meter.set_active(at(1s), kFirst, false);
  for (int second = 2; second < 5; ++second) {
    meter.set_active(at(second * 1s), kFirst, true);
    meter.set_active(at(second * 1s + 10ms), kFirst, false);
  }
  EXPECT_EQ(meter.bill(at(10s)).request_active, 1300ms);
}

TEST(Meter, NoMomentIsBilledTwice) {
  Meter meter(one_cpu_one_gib(), 0);
  meter.instance_started(at(0s), kFirst);
  for (Duration t = 0ms; t < 1s; t += 50ms) {  // 20 requests of 5 ms within one second
    meter.set_active(at(t), kFirst, true);
    meter.set_active(at(t + 5ms), kFirst, false);
  }
  EXPECT_EQ(meter.bill(at(10s)).request_active, 1s);
}

TEST(Meter, RequestFeeOnlyInRequestMode) {
  Meter meter(one_cpu_one_gib(), 0);
  for (int i = 0; i < 1000; ++i) meter.request_began();
  EXPECT_NEAR(meter.bill(at(1s)).request_usd, 0.0004, 1e-12);
  EXPECT_EQ(meter.bill(at(1s)).instance_usd, 0);
}

TEST(Meter, IdleMinimumInstancesHaveTheirOwnPrice) {
  Meter meter(one_cpu_one_gib(), 1);
  meter.instance_started(at(0s), kFirst);
  meter.instance_started(at(0s), kSecond);
  meter.set_active(at(1s), kFirst, false);   // the second works: the minimum is fulfilled
  meter.set_active(at(2s), kSecond, false);  // both idle: one of them is kept by the minimum
  Bill bill = meter.bill(at(12s));
  EXPECT_EQ(bill.request_active, 3s);
  EXPECT_EQ(bill.request_idle, 10s);
  EXPECT_NEAR(bill.request_usd, 3 * 0.0000265 + 10 * 0.000005, 1e-12);
}

TEST(Meter, FreeTierIsTakenOffWhenAsked) {
  MeterSettings settings = one_cpu_one_gib();
  settings.use_free_tier = true;
  settings.free_tier.request_vcpu_s = 100;
  settings.free_tier.request_gib_s = 200;
  Meter meter(settings, 0);
  meter.instance_started(at(0s), kFirst);
  EXPECT_EQ(meter.bill(at(90s)).request_usd, 0);
  EXPECT_NEAR(meter.bill(at(150s)).request_usd, 50 * 0.000024, 1e-12);
}

TEST(Meter, GpuIsBilledForTheWholeLife) {
  MeterSettings settings = one_cpu_one_gib();
  settings.gpu = true;
  Meter meter(settings, 0);
  meter.instance_started(at(0s), kFirst);
  meter.set_active(at(1s), kFirst, false);
  EXPECT_NEAR(meter.bill(at(100s)).instance_usd, 100 * (0.00002 + 0.0001867), 1e-12);
}

}  // namespace
}  // namespace warmgate::serverless
