#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// Pressing keeps count of requests that were sent beyond the warm slots, to make the platform start
// a further instance, and says whether more may be sent: not where it does not pay, since they then
// only wait at the platform and delay the others.
//
// Model.    It pays when a new instance answers, or an old one that had room. When it did not for
//           as long as a start takes, none is tried for a pause that doubles.
// Bounds.   kFirstPause <= pause <= kLongestPause; O(1).
class Pressing {
 public:
  static constexpr Duration kFirstPause = 10s;
  static constexpr Duration kLongestPause = 10min;

  uint32_t in_flight() const { return in_flight_; }

  // A start takes at most `patience`.
  bool allowed(Instant now, Duration patience) {
    if (in_flight_ > 0 && now >= paused_until_ && now - paid_ > patience) {
      pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
      paused_until_ = now + pause_;
      paid_ = paused_until_;
    }
    return now >= paused_until_;
  }

  void began(Instant now) {
    if (in_flight_++ == 0) paid_ = now;
  }
  void paid(Instant now) {
    paid_ = now;
    pause_ = Duration{};
  }
  void ended() { --in_flight_; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(in_flight_, paid_, pause_, paused_until_);
  }

 private:
  uint32_t in_flight_ = 0;
  Instant paid_{};
  Duration pause_{};
  Instant paused_until_{};
};

}  // namespace warmgate::policy
