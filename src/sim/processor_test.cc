#include "sim/processor.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace warmgate::sim {
namespace {

constexpr Instant kStart{24h};

double work(Duration d) {
  return static_cast<double>(d.count());
}

// Runs the processor until all jobs are done; when each was, by its number.
std::vector<Duration> run(Processor& processor, size_t jobs) {
  std::vector<Duration> done(jobs);
  for (size_t left = jobs; left > 0;) {
    const Instant now = processor.next();
    uint32_t job;
    while (processor.take_done(now, job)) {
      done[job] = now - kStart;
      --left;
    }
  }
  return done;
}

TEST(Processor, jobs_up_to_the_vcpus_run_at_full_speed) {
  Processor processor = Processor::shared(2);
  processor.add(kStart, 0, work(30ms));
  processor.add(kStart, 1, work(10ms));
  EXPECT_EQ(run(processor, 2), (std::vector<Duration>{30ms, 10ms}));
}

TEST(Processor, more_jobs_than_vcpus_share_them_equally) {
  Processor processor = Processor::shared(1);
  processor.add(kStart, 0, work(30ms));
  processor.add(kStart, 1, work(10ms));
  // Each at half speed until 20 ms, when the short one is done; then the other alone.
  EXPECT_EQ(run(processor, 2), (std::vector<Duration>{40ms, 20ms}));
}

TEST(Processor, a_job_that_comes_later_shares_from_then_on) {
  Processor processor = Processor::shared(1);
  processor.add(kStart, 0, work(30ms));
  processor.add(kStart + 20ms, 1, work(30ms));
  EXPECT_EQ(run(processor, 2), (std::vector<Duration>{40ms, 60ms}));
}

TEST(Processor, exclusive_slots_do_not_slow_each_other) {
  Processor processor = Processor::exclusive();
  for (uint32_t i = 0; i < 100; ++i) processor.add(kStart, i, work(5ms));
  for (const Duration done : run(processor, 100)) EXPECT_EQ(done, 5ms);
}

TEST(Processor, equal_jobs_end_in_the_order_they_came) {
  Processor processor = Processor::shared(1);
  for (uint32_t i = 0; i < 8; ++i) processor.add(kStart, i, work(1ms));
  for (uint32_t i = 0; i < 8; ++i) {
    uint32_t job = 99;
    ASSERT_TRUE(processor.take_done(kStart + 8ms, job));
    EXPECT_EQ(job, i);
  }
}

TEST(Processor, a_job_that_is_removed_leaves_its_share_to_the_others) {
  Processor processor = Processor::shared(1);
  processor.add(kStart, 0, work(30ms));
  processor.add(kStart, 1, work(30ms));
  processor.remove(kStart + 20ms, 0);
  EXPECT_EQ(processor.running(), 1u);
  EXPECT_EQ(processor.next(), kStart + 40ms);
}

TEST(Processor, work_done_is_counted_in_vcpu_seconds) {
  Processor processor = Processor::shared(2);
  for (uint32_t i = 0; i < 4; ++i) processor.add(kStart, i, work(1s));
  run(processor, 4);
  EXPECT_NEAR(processor.used_vcpu_s(kStart + 10s), 4, 1e-9);
}

TEST(SharedCore, bursts_for_the_time_that_a_full_bucket_lasts_then_runs_at_the_sustained_share) {
  Processor processor = Processor::shared_core(2, 0.25, 30s);
  processor.add(kStart, 0, work(30s));
  processor.add(kStart, 1, work(31s));
  const std::vector<Duration> done = run(processor, 2);
  EXPECT_NEAR(to_seconds(done[0]), 30, 1e-6);      // both vCPUs at full speed
  EXPECT_NEAR(to_seconds(done[1]), 30 + 4, 1e-6);  // one second of work at 0.25 vCPU
  EXPECT_EQ(processor.credits_s(kStart + 34s), 0);
}

TEST(SharedCore, what_is_not_used_of_the_share_fills_the_bucket_to_its_brim) {
  Processor processor = Processor::shared_core(2, 0.5, 30s);
  const double full = 1.5 * 30;
  EXPECT_NEAR(processor.credits_s(kStart), full, 1e-9);
  processor.add(kStart, 0, work(20s));  // one vCPU: half a credit per second
  run(processor, 1);
  EXPECT_NEAR(processor.credits_s(kStart + 20s), full - 10, 1e-6);
  EXPECT_NEAR(processor.credits_s(kStart + 30s), full - 5, 1e-6);
  EXPECT_NEAR(processor.credits_s(kStart + 90s), full, 1e-9);
}

}  // namespace
}  // namespace warmgate::sim
