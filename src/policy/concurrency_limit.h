#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "policy/settings.h"

namespace warmgate::policy {

// ConcurrencyLimit guards the profiled slots of one backend: it lowers what is sent there at a time
// while the backend can do less than was said of it, and gives all of it back when it can.
//
// Model.    Answers that ran while all slots were taken are compared, twice the slots of them at a
//           time, with answers that ran while the backend was quiet (an eighth of the slots at
//           most, from their beginning to their end). If they took more than `tolerance` times as
//           long, beyond what chance explains, the limit falls by what is too much, at most by
//           half; if less, it rises by one, or an eighth. What began under another limit does not
//           count. The quiet times are the baseline, and no answer under load is ever among them,
//           so that it cannot follow the latency that it is there to judge. Where there is none, or
//           none lately, the limit falls to the quiet number until kLeastQuiet answers have
//           measured it; when that was for nothing, the next such measurement is twice as far away.
//           Nothing begins while it does not matter: until answers under load take kSlow of the
//           SLO. An opinion that nothing confirmed for kForget is given up.
// Units.    Requests at a time; times as base-2 logarithms, so that a long answer weighs little.
// Bounds.   1 <= value() <= profiled slots; O(1), no allocation.
// Source.   Gradient2 of Netflix's concurrency-limits (a ratio of times, tolerance 1.5, at most by
//           half); Envoy's adaptive concurrency filter (measures its baseline by letting little
//           in). Ours: which answers are compared, and by Welch's standard error.
class ConcurrencyLimit {
 public:
  static constexpr uint32_t kLeastWindow = 32;
  static constexpr uint32_t kLeastQuiet = 16;
  static constexpr uint32_t kQuietMemory = 128;     // answers
  static constexpr Duration kQuietEvery = 50ms;     // no more of them are looked at
  static constexpr Duration kFirstQuietAge = 5min;  // older, the baseline is measured again
  static constexpr Duration kLastQuietAge = 80min;  // the longest that it doubles to
  static constexpr Duration kForget = 10min;
  static constexpr double kLeastDoubt = 2;  // standard errors
  static constexpr double kSlow = 0.4;      // of the SLO, by the mean of a window

  void configure(const LimitSettings& settings, uint32_t slots);

  uint32_t value() const { return limit_; }
  uint64_t times_lowered() const { return lowered_; }

  // An attempt begins and is one of so many. True: all slots are taken now.
  bool began(Instant now, uint32_t in_flight) {
    if (slots_ == 1) return false;
    if (limit_ < slots_ && now - judged_at_ > kForget) forget(now);
    if (in_flight > quiet_) quiet_since_ = kNever;
    return in_flight >= limit_;
  }
  // An attempt ended in whatever way; so many are left.
  void ended(Instant now, uint32_t in_flight) {
    if (in_flight <= quiet_ && quiet_since_ == kNever) quiet_since_ = now;
  }
  // ... with a good answer. `was_full`: what began() said.
  void answered(Instant now, Instant began, bool was_full, Duration slo) {
    if (slots_ == 1) return;
    if (began >= quiet_since_ && now - quiet_at_ >= kQuietEvery) take_quiet(now, now - began);
    if (was_full && began >= changed_at_) take_full(now, now - began, slo);
  }

  bool sound() const;  // for members that were read from a file
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(enabled_, tolerance_, slots_, quiet_, limit_, exact_, lowered_, measuring_,
                   measured_, before_, quiet_count_, quiet_mean_, quiet_variance_, quiet_since_,
                   quiet_at_, quiet_age_, full_count_, full_mean_, full_squares_, changed_at_,
                   judged_at_);
  }

 private:
  uint32_t window() const { return std::max(kLeastWindow, 2 * slots_); }
  void take_quiet(Instant now, Duration took);
  void take_full(Instant now, Duration took, Duration slo);
  void judge(Instant now, Duration slo);
  void measure(Instant now);
  void set(Instant now, double limit);
  void forget(Instant now);

  bool enabled_ = true;
  double tolerance_ = 1.5;
  uint32_t slots_ = 1;  // profiled
  uint32_t quiet_ = 1;  // in flight at a time
  uint32_t limit_ = 1;
  double exact_ = 1;  // of which limit_ is the whole part
  uint64_t lowered_ = 0;
  bool measuring_ = false;
  bool measured_ = false;  // ... and no window was judged since
  double before_ = 1;      // exact_, while the baseline is measured

  uint32_t quiet_count_ = 0;  // up to kQuietMemory
  double quiet_mean_ = 0;
  double quiet_variance_ = 0;
  Instant quiet_since_{};  // kNever: it is not
  Instant quiet_at_{};     // when the last one was taken
  Duration quiet_age_ = kFirstQuietAge;

  uint32_t full_count_ = 0;  // of the present window
  double full_mean_ = 0;
  double full_squares_ = 0;  // sum of squared distances from the mean
  Instant changed_at_{};
  Instant judged_at_{};
};

}  // namespace warmgate::policy
