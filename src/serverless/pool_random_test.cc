// InstancePool against a small random world in virtual time: invariants after every step, and at
// the end nothing is lost.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "serverless/pool.h"

namespace warmgate::serverless {
namespace {

class RandomWorld {
 public:
  RandomWorld(const PoolSettings& settings, uint64_t seed)
      : prng_(seed), settings_(settings), pool_(settings, MeterSettings{}, seed) {
    later(0s, TimerFired{});
  }

  void run(uint64_t requests) {
    Duration t = 0s;
    for (uint64_t id = 1; id <= requests; ++id) {
      t += from_seconds(prng_.exponential(prng_.chance(0.05) ? 30 : 0.2));
      later(t, RequestArrived{{id}});
    }
    later(t + 2h, ShutdownStarted{});
    while (!events_.empty() || timer_ != kNever) next();
    EXPECT_TRUE(pool_.empty());
    const Counters& c = pool_.counters();
    EXPECT_EQ(c.requests, requests);
    EXPECT_EQ(c.served + c.client_gone + c.lost + c.rejected_429 + c.rejected_502 + c.rejected_503 +
                  c.timed_out_504,
              requests);
    EXPECT_GT(c.served, 0u);
    EXPECT_EQ(c.starts, ended_);
    Bill bill = pool_.bill(now_);
    EXPECT_LE(bill.request_active, bill.instance_life);
    EXPECT_LE(bill.requests, requests) << "a request that had to go elsewhere is billed once";
  }

  std::string log_;

 private:
  void later(Duration delay, const Event& event) { events_.emplace(now_ + delay, event); }
  Duration some(double mean_s) { return from_seconds(prng_.exponential(mean_s)); }

  void next() {
    Event event = TimerFired{};
    if (!events_.empty() && events_.begin()->first <= timer_) {
      now_ = events_.begin()->first;
      event = events_.begin()->second;
      events_.erase(events_.begin());
    } else {
      now_ = timer_;
      timer_ = kNever;
    }
    if (const auto* exited = std::get_if<ProcessExited>(&event)) {
      if (!processes_.erase(exited->instance)) return;  // two causes of one end
      ++ended_;
    }
    Actions actions;
    pool_.step(now_, event, actions);
    pool_.check_invariants();
    for (const Action& action : actions)
      std::visit([this](const auto& a) { carry_out(a); }, action);
    for (const InstanceView& view : pool_.instances(now_)) {
      EXPECT_LE(view.in_flight, settings_.concurrency);
    }
  }

  void carry_out(const Spawn& spawn) {
    processes_.insert(spawn.instance);
    log_ += "S" + std::to_string(spawn.instance.value);
    if (prng_.chance(0.05)) return later(0s, ProcessExited{spawn.instance});
    later(1ms, ProcessStarted{spawn.instance});
    if (prng_.chance(0.2)) later(some(300), ProcessExited{spawn.instance});
  }
  void carry_out(const Probe& probe) {
    later(some(0.01), ProbeFinished{probe.instance, prng_.chance(0.2)});
  }
  void carry_out(const Assign& assign) {
    EXPECT_FALSE(throttled_.contains(assign.instance));
    log_ += "A" + std::to_string(assign.request.value);
    double dice = prng_.uniform();
    if (dice < 0.02) return later(1ms, RequestFinished{assign.request, Ending::not_connected});
    if (dice < 0.04) return later(some(1), RequestFinished{assign.request, Ending::instance_broke});
    if (dice < 0.06) return later(some(1), ClientGone{assign.request});
    later(some(prng_.chance(0.02) ? 400 : 1), RequestFinished{assign.request, Ending::complete});
  }
  void carry_out(const Refuse& refuse) { log_ += "R" + std::to_string(refuse.request.value); }
  void carry_out(const Signal& signal) {
    switch (signal.kind) {
      case SignalKind::stop:
        throttled_.insert(signal.instance);
        break;
      case SignalKind::cont:
        throttled_.erase(signal.instance);
        break;
      case SignalKind::term:
        if (prng_.chance(0.8)) later(some(1), ProcessExited{signal.instance});
        break;
      case SignalKind::kill:
        later(1ms, ProcessExited{signal.instance});
        break;
    }
  }
  void carry_out(const SetTimer& timer) { timer_ = timer.at; }

  Prng prng_;
  const PoolSettings settings_;
  InstancePool pool_;
  Instant now_ = Instant(1h);
  Instant timer_ = kNever;
  std::multimap<Instant, Event> events_;
  std::set<InstanceId> processes_, throttled_;
  uint64_t ended_ = 0;
};

PoolSettings random_settings(uint64_t seed) {
  Prng prng(seed);
  PoolSettings settings;
  settings.concurrency = 1 + static_cast<uint32_t>(prng.below(5));
  settings.max_instances = 1 + static_cast<uint32_t>(prng.below(6));
  settings.min_instances = static_cast<uint32_t>(prng.below(settings.max_instances + 1));
  settings.idle_limit = 20s;
  settings.idle_least = 1s;
  settings.start_delay = prng.chance(0.5) ? 0s : 2s;
  settings.start_jitter = prng.chance(0.5) ? 0s : 1s;
  settings.throttle_idle = prng.chance(0.5);
  return settings;
}

TEST(PoolRandom, InvariantsHoldAndEveryRequestEnds) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    RandomWorld world(random_settings(seed), seed);
    world.run(400);
  }
}

TEST(PoolRandom, SameSeedSameActions) {
  RandomWorld first(random_settings(3), 3), second(random_settings(3), 3);
  first.run(300);
  second.run(300);
  EXPECT_EQ(first.log_, second.log_);
}

}  // namespace
}  // namespace warmgate::serverless
