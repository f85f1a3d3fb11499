#include "gateway/schedule_clock.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace warmgate::gateway {
namespace {

constexpr double kDay = 24 * 3600;
constexpr double kWeek = 7 * kDay;
constexpr double kThursday = 3 * kDay;  // 1970 began with one

}  // namespace

ScheduleClock::ScheduleClock(net::Loop& loop, const std::vector<schedule::WindowText>& windows,
                             std::function<void(const policy::ScheduleTold&)> tell)
    : loop_(loop), tell_(std::move(tell)), timer_(loop.timers(), [this] { look(); }) {
  for (const schedule::WindowText& text : windows) {
    windows_.push_back(schedule::Window::parse(text).value());
  }
}

void ScheduleClock::start() {
  look();
}

void ScheduleClock::look() {
  const double wall_s = loop_.wall_seconds();
  const schedule::UtcSecond second{std::chrono::seconds(static_cast<int64_t>(std::floor(wall_s)))};
  const schedule::Outlook outlook = schedule::look_ahead(windows_, second);
  policy::ScheduleTold told;
  told.instances = outlook.instances;
  told.since_monday = from_seconds(std::fmod(wall_s + kThursday, kWeek));
  Instant next_look = loop_.now() + kLook;
  if (outlook.next_change) {
    const auto change_s = static_cast<double>(outlook.next_change->time_since_epoch().count());
    told.next_change = loop_.now() + from_seconds(change_s - wall_s);
    told.next_instances = outlook.next_instances;
    next_look = std::min(next_look, told.next_change + 1ms);  // just behind it
  }
  timer_.arm(next_look);
  tell_(told);
}

}  // namespace warmgate::gateway
