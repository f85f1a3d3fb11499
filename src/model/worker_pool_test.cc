#include "model/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "model/fake_engine.h"

namespace warmgate::model {
namespace {

constexpr auto kNoFirstJob = [](InferenceEngine&) {};

TEST(WorkerPool, RunsTheFirstJobOnceOnEachEngine) {
  std::mutex mutex;
  std::multiset<InferenceEngine*> seen;
  {
    WorkerPool pool(fake_engines(3), 0, [&](InferenceEngine& engine) {
      std::lock_guard lock(mutex);
      seen.insert(&engine);
    });
    while (pool.load().running > 0) std::this_thread::yield();
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 3u);
}

TEST(WorkerPool, AcceptsOneJobPerIdleWorkerAndTheQueue) {
  Gate gate;
  gate.close();
  WorkerPool pool(fake_engines(2), 1, kNoFirstJob);
  while (pool.load().running > 0) std::this_thread::yield();
  const auto job = [&](InferenceEngine&) { gate.pass(); };
  EXPECT_TRUE(pool.submit(1, job));
  EXPECT_TRUE(pool.submit(2, job));
  gate.await_arrivals(2);
  EXPECT_TRUE(pool.submit(3, job));
  EXPECT_FALSE(pool.submit(4, job));
  EXPECT_EQ(pool.load().waiting, 1u);
  EXPECT_EQ(pool.load().running, 2u);
  gate.open();
  gate.await_arrivals(3);
}

TEST(WorkerPool, DropsWhatWaitsAndNothingElse) {
  Gate gate;
  gate.close();
  std::atomic<bool> dropped_ran = false;
  {
    WorkerPool pool(fake_engines(1), 2, kNoFirstJob);
    EXPECT_TRUE(pool.submit(1, [&](InferenceEngine&) { gate.pass(); }));
    gate.await_arrivals(1);
    EXPECT_TRUE(pool.submit(2, [&](InferenceEngine&) { dropped_ran = true; }));
    EXPECT_FALSE(pool.drop(1));
    EXPECT_TRUE(pool.drop(2));
    EXPECT_FALSE(pool.drop(2));
    gate.open();
  }
  EXPECT_FALSE(dropped_ran);
}

TEST(WorkerPool, EndsAfterTheJobThatRuns) {
  Gate gate;
  gate.close();
  std::atomic<int> ran = 0;
  std::thread opener;
  {
    WorkerPool pool(fake_engines(1), 8, kNoFirstJob);
    EXPECT_TRUE(pool.submit(1, [&](InferenceEngine&) {
      gate.pass();
      ++ran;
    }));
    gate.await_arrivals(1);
    opener = std::thread([&] { gate.open(); });
  }
  opener.join();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace warmgate::model
