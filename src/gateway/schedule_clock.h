// ScheduleClock tells the policy the time of the week, and what the owner's schedules ask for: it
// alone knows the wall clock.
//
// Clock.   The wall clock may be set while we run, so that it is looked at again at each change,
//          and every kLook.
// Thread.  On the loop's thread.
#pragma once

#include <functional>
#include <vector>

#include "net/loop.h"
#include "policy/events.h"
#include "schedule/schedule.h"

namespace warmgate::gateway {

class ScheduleClock {
 public:
  // `windows` were checked.
  ScheduleClock(net::Loop& loop, const std::vector<schedule::WindowText>& windows,
                std::function<void(const policy::ScheduleTold&)> tell);

  void start();

 private:
  static constexpr Duration kLook = 15min;

  void look();

  net::Loop& loop_;
  std::vector<schedule::Window> windows_;
  std::function<void(const policy::ScheduleTold&)> tell_;
  net::Timer timer_;
};

}  // namespace warmgate::gateway
