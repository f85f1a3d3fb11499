#include "net/epoll_loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace warmgate::net {
namespace {

TEST(EpollLoop, RunsPostedWorkOfAnyThreadInOrder) {
  EpollLoop loop;
  constexpr int kPosts = 1000;
  std::vector<int> got;
  std::thread other([&] {
    for (int i = 0; i < kPosts; ++i) {
      loop.post([&, i] {
        got.push_back(i);
        if (i == kPosts - 1) loop.stop();
      });
    }
  });
  loop.run();
  other.join();
  ASSERT_EQ(got.size(), size_t{kPosts});
  for (int i = 0; i < kPosts; ++i) ASSERT_EQ(got[static_cast<size_t>(i)], i);
}

TEST(EpollLoop, PostedWorkMayPost) {
  EpollLoop loop;
  int depth = 0;
  std::function<void()> work = [&] {
    if (++depth == 3) return loop.stop();
    loop.post(work);
  };
  loop.post(work);
  loop.run();
  EXPECT_EQ(depth, 3);
}

TEST(EpollLoop, FiresTimersInOrderAndNeverEarly) {
  EpollLoop loop;
  const Instant start = loop.now();
  std::string order;
  Timer late(loop.timers(), [&] {
    EXPECT_GE(loop.now(), start + 6ms);
    order += "late";
    loop.stop();
  });
  Timer early(loop.timers(), [&] {
    EXPECT_GE(loop.now(), start + 2ms);
    order += "early ";
  });
  late.arm(start + 6ms);
  early.arm(start + 2ms);
  loop.run();
  EXPECT_EQ(order, "early late");
}

TEST(EpollLoop, DeferredWorkRunsAfterTheBatchAndKeepsTheLoopAwake) {
  class Counter final : public Deferred {
   public:
    explicit Counter(EpollLoop& loop) : loop_(loop) {}
    void run() override {
      if (++runs == 5) return loop_.stop();
      loop_.defer(*this);
    }
    int runs = 0;

   private:
    EpollLoop& loop_;
  };
  EpollLoop loop;
  Counter counter(loop);
  loop.defer(counter);
  loop.run();
  EXPECT_EQ(counter.runs, 5);
}

TEST(EpollLoop, RunsAgainAfterStop) {
  EpollLoop loop;
  for (int i = 0; i < 3; ++i) {
    loop.post([&] { loop.stop(); });
    loop.run();
  }
}

class PipeTest : public testing::Test {
 protected:
  PipeTest() { EXPECT_EQ(pipe(ends_), 0); }
  ~PipeTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  EpollLoop loop_;
  int ends_[2];
};

TEST_F(PipeTest, WatchIsLevelTriggeredAndMayEndItself) {
  int calls = 0;
  std::unique_ptr<EpollLoop::Watch> watch;
  watch = loop_.watch(ends_[0], [&] {
    if (++calls < 3) return;  // nothing is read, so it comes again
    watch.reset();
    loop_.stop();
  });
  EXPECT_EQ(write(ends_[1], "x", 1), 1);
  loop_.run();
  EXPECT_EQ(calls, 3);
}

TEST_F(PipeTest, WatchesForWriting) {
  bool writable = false;
  auto watch = loop_.watch(
      ends_[1],
      [&] {
        writable = true;
        loop_.stop();
      },
      EpollLoop::Interest::write);
  loop_.run();
  EXPECT_TRUE(writable);
}

TEST_F(PipeTest, ChannelForgottenByATimerIsNotToldOfABatchThatIsHereAlready) {
  int told = 0;
  auto first = loop_.watch(ends_[0], [&] { ++told; });
  auto second = loop_.watch(
      ends_[1], [&] { ++told; }, EpollLoop::Interest::write);
  Timer timer(loop_.timers(), [&] {
    first.reset();
    second.reset();
    loop_.stop();
  });
  // Whatever happens first, both watches and the timer are ready when the loop looks again.
  loop_.post([&] {
    told = 0;
    EXPECT_EQ(write(ends_[1], "x", 1), 1);
    timer.arm_after(1ms);
    usleep(5000);
  });
  loop_.run();
  EXPECT_LE(told, 1) << "in the batch of the post itself at most";
}

TEST(EpollLoop, TellsOfSignals) {
  EpollLoop loop;
  std::vector<int> got;
  auto watch = loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signal) {
    got.push_back(signal);
    if (got.size() == 2) loop.stop();
  });
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR2);
  loop.run();
  EXPECT_EQ(got, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

}  // namespace
}  // namespace warmgate::net
