#include "net/timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/prng.h"

namespace warmgate::net {
namespace {

constexpr Instant kStart = Instant(12345s + 678us);

TEST(TimerWheel, FiresOncePerArmAndNotBeforeItsDeadline) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer timer(wheel, [&] { ++fired; });
  EXPECT_EQ(wheel.next_deadline(), kNever);
  timer.arm_after(10ms);
  EXPECT_TRUE(timer.armed());
  wheel.advance(kStart + 10ms - 1ns);
  EXPECT_EQ(fired, 0);
  wheel.advance(kStart + 11ms);
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.armed());
  wheel.advance(kStart + 1h);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, CallbackMayDestroyItsTimerAndOthersThatAreDue) {
  TimerWheel wheel(kStart);
  std::unique_ptr<Timer> first;
  std::unique_ptr<Timer> second;
  int fired = 0;
  const auto end_both = [&] {
    ++fired;
    first.reset();
    second.reset();
  };
  first = std::make_unique<Timer>(wheel, end_both);
  second = std::make_unique<Timer>(wheel, end_both);
  first->arm_after(5ms);
  second->arm_after(5ms);
  wheel.advance(kStart + 1s);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(wheel.next_deadline(), kNever);
}

TEST(TimerWheel, CallbackMayPutOffAnotherTimerThatIsDueAtTheSameTime) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer* other[2];
  Timer a(wheel, [&] { ++fired, other[0]->arm_after(1s); });
  Timer b(wheel, [&] { ++fired, other[1]->arm_after(1s); });
  other[0] = &b;
  other[1] = &a;
  a.arm_after(5ms);
  b.arm_after(5ms);
  wheel.advance(kStart + 10ms);
  EXPECT_EQ(fired, 1) << "the other one was put off before its turn";
  wheel.advance(kStart + 2s);
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, RearmingForLaterIsFoundOutByTheWheel) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer timer(wheel, [&] { ++fired; });
  for (Duration passed = 0ms; passed < 1s; passed += 1ms) {
    wheel.advance(kStart + passed);
    timer.arm_after(20ms);
  }
  EXPECT_EQ(fired, 0);
  wheel.advance(kStart + 999ms + 21ms);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, PeriodicTimerOfNoDelayLetsTimeAdvance) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer* self = nullptr;
  Timer timer(wheel, [&] { ++fired, self->arm_after(0ms); });
  self = &timer;
  timer.arm_after(0ms);
  for (int i = 1; i <= 10; ++i) wheel.advance(kStart + i * 1ms);
  EXPECT_GE(fired, 9);
  EXPECT_LE(fired, 20);
}

TEST(TimerWheel, TakesAnyDeadline) {
  TimerWheel wheel(kStart);
  int fired = 0;
  Timer never(wheel, [&] { ++fired; });
  Timer last(wheel, [&] { ++fired; });
  Timer past(wheel, [&] { ++fired; });
  never.arm_after(Duration::max());
  EXPECT_FALSE(never.armed()) << "a limit that is no limit";
  last.arm(kNever - 1ns);
  past.arm(Instant(0s));
  wheel.advance(kStart + 2ms);
  EXPECT_EQ(fired, 1);
  wheel.advance(kStart + 100 * 365 * 24h);
  EXPECT_EQ(fired, 1);
  EXPECT_TRUE(last.armed());
}

// A wheel that wraps would stand still where its highest digit carries over: with six levels, when
// a machine has been up for two years.
TEST(TimerWheel, WorksAtEveryCarry) {
  for (int bit = 6; bit < 43; ++bit) {
    const Instant carry(Duration(1ms) * (int64_t{1} << bit));
    TimerWheel wheel(carry - 2ms);
    int fired = 0;
    Timer timer(wheel, [&] { ++fired; });
    timer.arm(carry + 5ms);
    for (Duration d = -2ms; d <= 4ms; d += 1ms) wheel.advance(carry + d);
    EXPECT_EQ(fired, 0) << bit;
    wheel.advance(carry + 5ms);
    EXPECT_EQ(fired, 1) << bit;
  }
}

// What the wheel should do, done slowly: a list of timers with deadlines.
class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), wheel_(kStart) {
    for (size_t i = 0; i < 40; ++i) add();
  }

  void step() {
    switch (random_.below(8)) {
      case 0:
        entry().timer->disarm(), last_->deadline = kNever;
        break;
      case 1:
        entry().timer.reset(), *last_ = {}, add_at(*last_);
        break;
      case 2:
        advance(random_duration());
        break;
      case 3:
        advance_to_next();
        break;
      default:
        arm(entry(), wheel_.now() + random_duration());
        break;
    }
    check_next_deadline();
  }

 private:
  struct Entry {
    std::unique_ptr<Timer> timer;
    Instant deadline = kNever;  // not before which it must fire
    Instant armed_at{};
  };

  void add() {
    entries_.push_back(std::make_unique<Entry>());
    add_at(*entries_.back());
  }
  void add_at(Entry& entry) {
    entry.timer = std::make_unique<Timer>(wheel_, [this, &entry] { on_fired(entry); });
  }
  Entry& entry() { return *(last_ = entries_[random_.below(entries_.size())].get()); }

  Duration random_duration() {
    const uint64_t bits = random_.below(45);  // up to ten hours, small ones as often as large
    return Duration(static_cast<int64_t>(random_.below(uint64_t{1} << bits)));
  }
  void arm(Entry& entry, Instant deadline) {
    entry.deadline = deadline;
    entry.armed_at = wheel_.now();
    entry.timer->arm(deadline);
  }
  void on_fired(Entry& fired) {
    ASSERT_NE(fired.deadline, kNever) << "fired without being armed";
    ASSERT_LE(fired.deadline, wheel_.now()) << "fired early";
    fired.deadline = kNever;
    if (random_.chance(0.3)) arm(fired, wheel_.now() + random_duration());
    if (random_.chance(0.3)) arm(entry(), wheel_.now() + random_duration());
  }
  void advance(Duration by) {
    wheel_.advance(wheel_.now() + by);
    for (const auto& e : entries_) {
      // Armed at this very instant it may wait for the next tick; else at most one tick.
      if (e->armed_at == wheel_.now()) continue;
      ASSERT_GT(e->deadline, wheel_.now() - 1ms) << "late by more than a tick";
    }
  }
  void advance_to_next() {
    const Instant next = wheel_.next_deadline();
    if (next != kNever) advance(std::max(next - wheel_.now(), Duration::zero()));
  }
  void check_next_deadline() {
    Instant earliest = kNever;
    for (const auto& e : entries_) earliest = std::min(earliest, e->deadline);
    ASSERT_EQ(earliest == kNever, wheel_.next_deadline() == kNever);
    if (earliest == kNever) return;
    ASSERT_LE(wheel_.next_deadline(), std::max(earliest, wheel_.now()) + 1ms);
  }

  Prng random_;
  TimerWheel wheel_;
  std::vector<std::unique_ptr<Entry>> entries_;
  Entry* last_ = nullptr;
};

TEST(TimerWheel, BehavesLikeAListOfDeadlines) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    for (int i = 0; i < 2000 && !testing::Test::HasFatalFailure(); ++i) model.step();
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace warmgate::net
