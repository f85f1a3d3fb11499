#include "schedule/schedule.h"

#include <algorithm>

namespace warmgate::schedule {
namespace {

constexpr int kMostChanges = 100;

uint32_t instances_at(const std::vector<Window>& windows, UtcSecond at) {
  uint32_t instances = 0;
  for (const Window& window : windows) {
    if (window.open(at)) instances = std::max(instances, window.instances());
  }
  return instances;
}

std::optional<UtcSecond> earlier(std::optional<UtcSecond> a, std::optional<UtcSecond> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

Result<Window> Window::parse(const WindowText& text) {
  Window window;
  const Result<Cron> start = Cron::parse(text.start);
  if (!start) return Error{"start: " + start.error().message};
  const Result<Cron> end = Cron::parse(text.end);
  if (!end) return Error{"end: " + end.error().message};
  const Result<Zone> zone = Zone::find(text.time_zone);
  if (!zone) return zone.error();
  window.start_ = *start;
  window.end_ = *end;
  window.zone_ = *zone;
  window.instances_ = text.instances;
  if (text.start == text.end) return Error{"start and end are the same: the window is never open"};
  if (!window.start_.next(WallMinute{})) return Error{"start: `" + text.start + "` never comes"};
  if (!window.end_.next(WallMinute{})) return Error{"end: `" + text.end + "` never comes"};
  return window;
}

std::optional<UtcSecond> Window::next(const Cron& cron, UtcSecond after) const {
  // Where the clock is set back, a wall time that lies ahead may be an instant that has passed.
  std::optional<WallMinute> wall = cron.next(zone_.wall(after));
  while (wall && zone_.utc(*wall) <= after) wall = cron.next(*wall);
  if (!wall) return std::nullopt;
  return zone_.utc(*wall);
}

bool Window::open(UtcSecond at) const {
  const auto opens = next(start_, at);
  const auto closes = next(end_, at);
  return opens && closes && *closes < *opens;
}

std::optional<UtcSecond> Window::next_change(UtcSecond after) const {
  return earlier(next(start_, after), next(end_, after));
}

Outlook look_ahead(const std::vector<Window>& windows, UtcSecond now) {
  Outlook outlook;
  outlook.instances = instances_at(windows, now);
  UtcSecond at = now;
  for (int i = 0; i < kMostChanges; ++i) {
    std::optional<UtcSecond> change;
    for (const Window& window : windows) change = earlier(change, window.next_change(at));
    if (!change) return outlook;
    at = *change;
    outlook.next_instances = instances_at(windows, at);
    if (outlook.next_instances != outlook.instances) {
      outlook.next_change = at;
      return outlook;
    }
  }
  outlook.next_instances = 0;
  return outlook;
}

}  // namespace warmgate::schedule
