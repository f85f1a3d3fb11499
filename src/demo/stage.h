// Stage: the one loop of the demo, and the waiting on it. The demo is a story with one step after
// another, so its steps wait; what happens meanwhile (signals, children, timers) happens on the
// loop.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "net/epoll_loop.h"

namespace warmgate::demo {

class Stage {
 public:
  Stage();

  net::EpollLoop& loop() { return loop_; }
  bool interrupted() const { return interrupted_; }  // by SIGINT or SIGTERM

  // Until go_on(), an interruption or the time limit. True when go_on() ended it.
  bool wait(Duration limit);
  void go_on();

 private:
  net::EpollLoop loop_;
  bool interrupted_ = false;
  bool went_on_ = false;
  std::unique_ptr<net::EpollLoop::Watch> signals_;
};

}  // namespace warmgate::demo
