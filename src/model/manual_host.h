// For tests: the service's surroundings by hand: the test runs what was posted, and moves the
// clock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "model/service.h"

namespace warmgate::model {

class ManualHost : public Host {
 public:
  Instant now() const override { return now_; }
  void post(std::function<void()> work) override {
    {
      std::lock_guard lock(mutex_);
      posted_.push_back(std::move(work));
    }
    arrived_.notify_one();
  }
  void after(Duration delay, std::function<void()> work) override {
    timers_.emplace(now_ + delay, std::move(work));
  }

  // Waits for the next piece of posted work, and runs it.
  void run_one() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !posted_.empty(); });
    auto work = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    work();
  }
  void advance(Duration by) {
    now_ += by;
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      timers_.extract(timers_.begin()).mapped()();
    }
  }

 private:
  Instant now_{1000s};
  std::multimap<Instant, std::function<void()>> timers_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> posted_;
};

}  // namespace warmgate::model
