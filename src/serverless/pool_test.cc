#include "serverless/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace warmgate::serverless {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kBegin = Instant(1000h);

// Feeds the pool with literal times and shows its actions as text, timers left out.
class PoolTest : public ::testing::Test {
 protected:
  void make(const PoolSettings& settings) {
    pool_.emplace(settings, MeterSettings{}, 7);
    send(0s, TimerFired{});
  }
  PoolSettings settings(uint32_t concurrency, uint32_t max_instances) {
    PoolSettings s;
    s.concurrency = concurrency;
    s.max_instances = max_instances;
    s.idle_least = s.idle_limit;
    return s;
  }

  std::vector<std::string> send(Duration at, const Event& event) {
    Actions actions;
    pool_->step(kBegin + at, event, actions);
    pool_->check_invariants();
    std::vector<std::string> texts;
    for (const Action& action : actions) {
      if (const auto* timer = std::get_if<SetTimer>(&action)) {
        timer_ = timer->at;
      } else {
        texts.push_back(text(action));
      }
    }
    return texts;
  }
  std::vector<std::string> arrive(Duration at, uint64_t id) {
    return send(at, RequestArrived{{id}});
  }
  std::vector<std::string> finish(Duration at, uint64_t id, Ending ending = Ending::complete) {
    return send(at, RequestFinished{{id}, ending});
  }
  // From Spawn to ready.
  std::vector<std::string> become_ready(Duration at, uint64_t instance) {
    EXPECT_THAT(send(at, ProcessStarted{{instance}}),
                ElementsAre("probe " + std::to_string(instance)));
    return send(at, ProbeFinished{{instance}, true});
  }
  Duration timer() const { return timer_ - kBegin; }

  static std::string text(const Action& action) {
    auto number = [](auto id) { return std::to_string(id.value); };
    if (const auto* a = std::get_if<Spawn>(&action)) return "spawn " + number(a->instance);
    if (const auto* a = std::get_if<Probe>(&action)) return "probe " + number(a->instance);
    if (const auto* a = std::get_if<Assign>(&action)) {
      return "assign " + number(a->request) + " to " + number(a->instance);
    }
    if (const auto* a = std::get_if<Refuse>(&action)) {
      return "refuse " + number(a->request) + " " + std::string(name(a->refusal));
    }
    const auto& a = std::get<Signal>(action);
    const char* names[] = {"term ", "kill ", "stop ", "cont "};
    return names[static_cast<size_t>(a.kind)] + number(a.instance);
  }

  std::optional<InstancePool> pool_;
  Instant timer_ = kNever;
};

TEST_F(PoolTest, OnlyARequestStartsFromZeroAndTrafficWaitsForTheProbe) {
  make(settings(2, 3));
  EXPECT_THAT(send(1s, TimerFired{}), IsEmpty());
  EXPECT_THAT(arrive(2s, 1), ElementsAre("spawn 1"));
  EXPECT_THAT(send(2s, ProcessStarted{{1}}), ElementsAre("probe 1"));
  EXPECT_THAT(send(2s, ProbeFinished{{1}, false}), IsEmpty());
  EXPECT_EQ(timer(), 2s + 20ms);
  EXPECT_THAT(send(2020ms, TimerFired{}), ElementsAre("probe 1"));
  EXPECT_THAT(send(3s, ProbeFinished{{1}, true}), ElementsAre("assign 1 to 1"));
  EXPECT_EQ(pool_->mean_start(), 1s);
  EXPECT_THAT(finish(4s, 1), IsEmpty());
  EXPECT_EQ(pool_->counters().served, 1u);
}

TEST_F(PoolTest, ConcurrencyIsNeverExceeded) {
  make(settings(2, 1));
  arrive(0s, 1);
  arrive(0s, 2);
  EXPECT_THAT(arrive(0s, 3), IsEmpty());
  EXPECT_THAT(become_ready(1s, 1), ElementsAre("assign 1 to 1", "assign 2 to 1"));
  EXPECT_THAT(finish(2s, 2), ElementsAre("assign 3 to 1"));
}

TEST_F(PoolTest, WaitingRequestsStartAsManyInstancesAsTheyNeed) {
  make(settings(2, 3));
  EXPECT_THAT(arrive(0s, 1), ElementsAre("spawn 1"));
  EXPECT_THAT(arrive(0s, 2), IsEmpty());
  EXPECT_THAT(arrive(0s, 3), ElementsAre("spawn 2"));
  EXPECT_THAT(arrive(0s, 4), IsEmpty());
  EXPECT_THAT(arrive(0s, 5), ElementsAre("spawn 3"));
  EXPECT_THAT(arrive(0s, 6), IsEmpty());
  EXPECT_THAT(arrive(0s, 7), IsEmpty()) << "max-instances";
}

TEST_F(PoolTest, MeanDemandAboveTheTargetStartsAnotherInstance) {
  make(settings(10, 5));
  arrive(0s, 1);
  become_ready(0s, 1);
  for (uint64_t id = 2; id <= 9; ++id) arrive(0s, id);
  // 9 running, target 6: the mean over the minute passes it after 40 s.
  EXPECT_THAT(send(39s, TimerFired{}), IsEmpty());
  EXPECT_THAT(send(41s, TimerFired{}), ElementsAre("spawn 2"));
  EXPECT_LE(timer(), 42s + 1s) << "it looks again while requests run";
}

TEST_F(PoolTest, FillsTheOldestUpToTheTargetThenSpreads) {
  make(settings(5, 2));
  arrive(0s, 1);
  become_ready(0s, 1);
  for (uint64_t id = 2; id <= 6; ++id) arrive(0s, id);
  EXPECT_THAT(become_ready(0s, 2), ElementsAre("assign 6 to 2"));
  EXPECT_THAT(arrive(1s, 7), ElementsAre("assign 7 to 2"));
  EXPECT_THAT(arrive(1s, 8), ElementsAre("assign 8 to 2"));
  finish(2s, 1), finish(2s, 2), finish(2s, 3);
  EXPECT_THAT(arrive(3s, 9), ElementsAre("assign 9 to 1")) << "oldest below 3";
}

TEST_F(PoolTest, WaitEndsAfterTenSecondsOrThreeAndAHalfMeanStarts) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(4s, 1);
  EXPECT_EQ(pool_->wait_limit(), 14s);
  arrive(5s, 2);
  EXPECT_EQ(timer(), 19s);
  EXPECT_THAT(send(18999ms, TimerFired{}), IsEmpty());
  EXPECT_THAT(send(19s, TimerFired{}), ElementsAre("refuse 2 no-instance-in-time"));
  EXPECT_EQ(pool_->counters().rejected_429, 1u);
}

TEST_F(PoolTest, TheFirstStartHasTenSeconds) {
  make(settings(1, 1));
  arrive(0s, 1);
  EXPECT_THAT(send(10s, TimerFired{}), ElementsAre("refuse 1 no-instance-in-time"));
  EXPECT_THAT(become_ready(30s, 1), IsEmpty()) << "the start goes on and is learned from";
  EXPECT_EQ(pool_->wait_limit(), 105s);
}

TEST_F(PoolTest, QueueIsBounded) {
  PoolSettings s = settings(1, 1);
  s.max_waiting = 1;
  make(s);
  arrive(0s, 1);
  EXPECT_THAT(arrive(0s, 2), ElementsAre("refuse 2 queue-full"));
}

TEST_F(PoolTest, RequestLimitCountsFromArrival) {
  PoolSettings s = settings(1, 1);
  s.request_limit = 20s;
  make(s);
  arrive(0s, 1);
  become_ready(1s, 1);
  EXPECT_THAT(send(20s, TimerFired{}), ElementsAre("refuse 1 time-limit"));
  EXPECT_THAT(finish(21s, 1), IsEmpty()) << "a late report about a forgotten request";
  EXPECT_EQ(pool_->counters().timed_out_504, 1u);
  EXPECT_EQ(pool_->counters().served, 0u);
}

TEST_F(PoolTest, IdleInstanceEndsAndIsKilledAfterTheGrace) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(1s, 1);
  finish(2s, 1);
  EXPECT_EQ(timer(), 2s + 15min);
  EXPECT_THAT(send(2s + 15min, TimerFired{}), ElementsAre("term 1"));
  EXPECT_THAT(send(12s + 15min, TimerFired{}), ElementsAre("kill 1"));
  EXPECT_THAT(send(13s + 15min, ProcessExited{{1}}), IsEmpty());
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(pool_->counters().crashes, 0u);
}

TEST_F(PoolTest, AnIdleInstanceThatEndsByItselfWasReleasedAndIsNotReplaced) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(1s, 1);
  finish(2s, 1);
  EXPECT_THAT(send(3s, ProcessExited{{1}, true}), IsEmpty());
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(pool_->counters().releases, 1u);
  EXPECT_EQ(pool_->counters().crashes, 0u);
  EXPECT_EQ(pool_->bill(Instant{1h}).instance_life, 3s);
}

TEST_F(PoolTest, IdleLifetimesAreDrawnWithinTheirRange) {
  PoolSettings s = settings(1, 20);
  s.idle_least = 1min;
  s.idle_limit = 2min;
  make(s);
  for (uint64_t id = 1; id <= 20; ++id) arrive(0s, id);
  for (uint64_t id = 1; id <= 20; ++id) become_ready(0s, id);
  for (uint64_t id = 1; id <= 20; ++id) finish(0s, id);
  std::vector<std::string> ended;
  for (Duration t = 0s; t <= 2min; t += 1s) {
    for (const std::string& action : send(t, TimerFired{})) {
      EXPECT_GE(t, 1min);
      if (action.starts_with("term")) ended.push_back(action);
    }
  }
  EXPECT_EQ(ended.size(), 20u);
  EXPECT_FALSE(std::is_sorted(ended.begin(), ended.end())) << "not all at the same age";
}

TEST_F(PoolTest, ARequestInTimeEndsTheIdleLife) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(0s, 1);
  finish(0s, 1);
  EXPECT_THAT(arrive(14min, 2), ElementsAre("assign 2 to 1"));
  finish(14min, 2);
  EXPECT_THAT(send(20min, TimerFired{}), IsEmpty());
  EXPECT_THAT(send(29min, TimerFired{}), ElementsAre("term 1"));
}

TEST_F(PoolTest, ARequestAtTheLastMomentIsNotTurnedAway) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(0s, 1);
  finish(0s, 1);
  EXPECT_THAT(arrive(15min, 2), ElementsAre("assign 2 to 1")) << "its idle life ends just now";
  arrive(15min, 3);
  EXPECT_THAT(finish(15min + 10s, 2), ElementsAre("assign 3 to 1")) << "its wait ends just now";
}

TEST_F(PoolTest, MinimumInstancesStartAloneAndStay) {
  PoolSettings s = settings(1, 3);
  s.min_instances = 2;
  pool_.emplace(s, MeterSettings{}, 7);
  EXPECT_THAT(send(0s, TimerFired{}), ElementsAre("spawn 1", "spawn 2"));
  become_ready(1s, 1), become_ready(1s, 2);
  EXPECT_THAT(send(1h, TimerFired{}), IsEmpty());
  EXPECT_THAT(send(2h, ProcessExited{{2}}), IsEmpty()) << "a pause: it died before any work";
  EXPECT_THAT(send(2h + 100ms, TimerFired{}), ElementsAre("spawn 3"));
}

TEST_F(PoolTest, CrashLosesOnlyItsOwnRequestsAndIsReplaced) {
  make(settings(1, 2));
  arrive(0s, 1), arrive(0s, 2);
  become_ready(1s, 1), become_ready(1s, 2);
  finish(2s, 1), finish(2s, 2);
  arrive(3s, 3), arrive(3s, 4);
  EXPECT_THAT(send(4s, ProcessExited{{1}}), ElementsAre("spawn 3"));
  EXPECT_THAT(finish(4s, 3, Ending::instance_broke), IsEmpty());
  EXPECT_THAT(finish(5s, 4), IsEmpty());
  EXPECT_EQ(pool_->counters().crashes, 1u);
  EXPECT_EQ(pool_->counters().lost, 1u);
  EXPECT_EQ(pool_->counters().served, 3u);
}

TEST_F(PoolTest, BrokenConnectionIsSuspectUntilProbed) {
  make(settings(2, 1));
  arrive(0s, 1);
  become_ready(0s, 1);
  arrive(0s, 2);
  EXPECT_THAT(finish(1s, 1, Ending::instance_broke), ElementsAre("probe 1"));
  EXPECT_THAT(arrive(1s, 3), IsEmpty()) << "no request until the probe is good";
  EXPECT_THAT(send(1s, ProbeFinished{{1}, true}), ElementsAre("assign 3 to 1"));
  EXPECT_EQ(pool_->counters().crashes, 0u);
}

TEST_F(PoolTest, BrokenConnectionSeenBeforeTheExitStillReplaces) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(0s, 1);
  finish(1s, 1);
  arrive(2s, 2);
  finish(3s, 2, Ending::instance_broke);
  EXPECT_THAT(send(3s, ProcessExited{{1}}), ElementsAre("spawn 2"));
}

TEST_F(PoolTest, RequestThatFoundNoConnectionGoesElsewhere) {
  make(settings(1, 2));
  arrive(0s, 1);
  become_ready(0s, 1);
  finish(0s, 1);
  arrive(1s, 2);
  EXPECT_THAT(finish(1s, 2, Ending::not_connected), ElementsAre("probe 1"));
  EXPECT_THAT(send(1s, ProcessExited{{1}}), ElementsAre("spawn 2"));
  EXPECT_THAT(become_ready(2s, 2), ElementsAre("assign 2 to 2"));
  EXPECT_EQ(pool_->counters().lost, 0u);
}

TEST_F(PoolTest, RequestIsOfferedToThreeInstancesAtMost) {
  make(settings(1, 1));
  arrive(0s, 1);
  become_ready(0s, 1);
  for (int i = 0; i < 2; ++i) {
    finish(0s, 1, Ending::not_connected);
    EXPECT_THAT(send(0s, ProbeFinished{{1}, true}), ElementsAre("assign 1 to 1"));
  }
  EXPECT_THAT(finish(0s, 1, Ending::not_connected),
              ElementsAre("refuse 1 instance-unreachable", "probe 1"));
}

TEST_F(PoolTest, FailedStartAnswers503AndPausesTheNext) {
  make(settings(1, 2));
  arrive(0s, 1);
  EXPECT_THAT(send(1s, ProcessExited{{1}}), ElementsAre("refuse 1 could-not-start"));
  EXPECT_EQ(pool_->counters().start_failures, 1u);
  EXPECT_THAT(arrive(1050ms, 2), IsEmpty());
  EXPECT_THAT(send(1100ms, TimerFired{}), ElementsAre("spawn 2"));
}

TEST_F(PoolTest, FailedStartHarmsNobodyWhileAnotherStarts) {
  make(settings(1, 2));
  arrive(0s, 1), arrive(0s, 2);
  EXPECT_THAT(send(1s, ProcessExited{{1}}), IsEmpty());
  EXPECT_THAT(become_ready(1s, 2), ElementsAre("assign 1 to 2"));
}

TEST_F(PoolTest, StartThatTakesTooLongIsKilledAndCounted) {
  PoolSettings s = settings(1, 1);
  s.wait_least = 10min;
  make(s);
  arrive(0s, 1);
  send(1s, ProcessStarted{{1}});
  EXPECT_EQ(timer(), 1s + 4min);
  EXPECT_THAT(send(1s + 4min, TimerFired{}), ElementsAre("kill 1", "refuse 1 could-not-start"));
  EXPECT_EQ(pool_->counters().start_failures, 1u);
}

TEST_F(PoolTest, StartDelayComesBeforeTheProcess) {
  PoolSettings s = settings(1, 1);
  s.start_delay = 3s;
  make(s);
  EXPECT_THAT(arrive(0s, 1), IsEmpty());
  EXPECT_EQ(pool_->instances(kBegin)[0].state, "delayed");
  EXPECT_THAT(send(3s, TimerFired{}), ElementsAre("spawn 1"));
  become_ready(3500ms, 1);
  EXPECT_EQ(pool_->mean_start(), 3500ms);
}

TEST_F(PoolTest, IdleInstancesAreThrottledAndWokenFirst) {
  PoolSettings s = settings(1, 1);
  s.throttle_idle = true;
  make(s);
  arrive(0s, 1);
  EXPECT_THAT(become_ready(1s, 1), ElementsAre("assign 1 to 1"));
  EXPECT_THAT(finish(2s, 1), ElementsAre("stop 1"));
  EXPECT_THAT(arrive(3s, 2), ElementsAre("cont 1", "assign 2 to 1"));
  finish(4s, 2);
  EXPECT_THAT(send(4s + 15min, TimerFired{}), ElementsAre("term 1", "cont 1"));
}

TEST_F(PoolTest, ClientThatLeavesFreesItsPlaceAndWakesNothingMore) {
  make(settings(1, 1));
  arrive(0s, 1), arrive(0s, 2);
  send(0s, ClientGone{{2}});
  EXPECT_THAT(become_ready(1s, 1), ElementsAre("assign 1 to 1"));
  EXPECT_THAT(send(2s, ClientGone{{1}}), IsEmpty());
  EXPECT_THAT(arrive(3s, 3), ElementsAre("assign 3 to 1"));
  EXPECT_EQ(pool_->counters().client_gone, 2u);
}

TEST_F(PoolTest, OversizedRequestStartsNothing) {
  make(settings(1, 1));
  EXPECT_THAT(send(0s, RequestOversized{{1}}), IsEmpty());
  arrive(1s, 2);
  become_ready(1s, 1);
  send(2s, RequestOversized{{2}});
  EXPECT_EQ(pool_->instances(kBegin + 2s)[0].in_flight, 0u);
  EXPECT_EQ(pool_->counters().rejected_413, 2u);
  EXPECT_EQ(pool_->counters().requests, 2u);
}

TEST_F(PoolTest, ShutdownEndsAll) {
  PoolSettings s = settings(1, 2);
  make(s);
  arrive(0s, 1), arrive(0s, 2);
  become_ready(0s, 1);
  EXPECT_THAT(send(1s, ShutdownStarted{}),
              ElementsAre("refuse 2 shutting-down", "term 1", "term 2"));
  EXPECT_THAT(arrive(1s, 3), ElementsAre("refuse 3 shutting-down"));
  EXPECT_THAT(finish(2s, 1), IsEmpty()) << "what runs may finish within the grace";
  EXPECT_THAT(send(2s, ProcessExited{{1}}), IsEmpty());
  EXPECT_THAT(send(3s, ShutdownStarted{true}), ElementsAre("kill 2"));
  send(3s, ProcessExited{{2}});
  EXPECT_TRUE(pool_->empty());
}

}  // namespace
}  // namespace warmgate::serverless
