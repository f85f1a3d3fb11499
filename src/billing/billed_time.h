#pragma once

#include <algorithm>

#include "base/assert.h"
#include "base/time.h"

namespace warmgate::billing {

// Up to a multiple of the granularity, which is positive.
constexpr Duration round_up(Duration length, Duration granularity) {
  return (length + granularity - Duration(1)) / granularity * granularity;
}

// BilledTime adds up the time of one instance as the platform bills it.
//
// Model.   Each interval is rounded up to the granularity; one that begins inside the rounding of
//          the one before continues it, so no moment is billed twice. Overlapping requests are one
//          interval: the caller opens at the first and closes after the last.
// Source.  Cloud Run documentation: "rounded up to the nearest 100 milliseconds"; requests that
//          overlap on one instance are billed once.
class BilledTime {
 public:
  bool open() const { return open_; }

  void begin(Instant now) {
    WG_ASSERT(!open_, "an interval is begun once");
    open_ = true;
    if (now < billed_until_) return;
    finished_ += billed_until_ - began_;
    began_ = billed_until_ = now;
  }

  void end(Instant now, Duration granularity) {
    WG_ASSERT(open_, "only an open interval ends");
    open_ = false;
    billed_until_ = std::max(billed_until_, began_ + round_up(now - began_, granularity));
  }

  // As if it ended now.
  Duration total(Instant now, Duration granularity) const {
    Duration last = billed_until_ - began_;
    if (open_) last = std::max(last, round_up(now - began_, granularity));
    return finished_ + last;
  }

 private:
  Duration finished_{};
  Instant began_{}, billed_until_{};
  bool open_ = false;
};

}  // namespace warmgate::billing
