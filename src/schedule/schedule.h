// Schedule: windows of the wall clock in which instances should be warm ahead of need.
//
// Rule.    A window is open from a minute that `start` names to the next one that `end` names:
//          where the end comes before the start, it is open now (as KEDA's cron scaler has it).
//          Of windows that overlap, the one with the most instances counts.
// Thread.  Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schedule/cron.h"
#include "schedule/zone.h"

namespace warmgate::schedule {

// As an owner writes it.
struct WindowText {
  std::string start, end;  // lines of cron
  uint32_t instances = 1;
  std::string time_zone = "UTC";

  bool operator==(const WindowText&) const = default;
};

class Window {
 public:
  // Fails also where the window never opens or closes.
  static Result<Window> parse(const WindowText& text);

  bool open(UtcSecond at) const;
  // When it opens or closes next.
  std::optional<UtcSecond> next_change(UtcSecond after) const;
  uint32_t instances() const { return instances_; }

 private:
  std::optional<UtcSecond> next(const Cron& cron, UtcSecond after) const;

  Cron start_, end_;
  Zone zone_;
  uint32_t instances_ = 1;
};

// What all windows together ask for.
struct Outlook {
  uint32_t instances = 0;                // now
  std::optional<UtcSecond> next_change;  // of that number
  uint32_t next_instances = 0;           // from then on
};

// `after` is a moment of now; looks through at most kMostChanges openings and closings.
Outlook look_ahead(const std::vector<Window>& windows, UtcSecond now);

}  // namespace warmgate::schedule
