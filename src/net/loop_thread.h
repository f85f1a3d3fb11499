// LoopThread: an EpollLoop with a thread of its own. What belongs to the loop is made before run(),
// and destroyed after end().
#pragma once

#include <thread>

#include "net/epoll_loop.h"

namespace warmgate::net {

class LoopThread {
 public:
  LoopThread() = default;
  ~LoopThread() { end(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  EpollLoop& loop() { return loop_; }
  void run() {
    thread_ = std::thread([this] { loop_.run(); });
  }
  // Waits for the thread, which finishes its present batch of events. No effect unless it runs.
  void end() {
    if (!thread_.joinable()) return;
    loop_.post([this] { loop_.stop(); });
    thread_.join();
  }

 private:
  EpollLoop loop_;
  std::thread thread_;
};

}  // namespace warmgate::net
