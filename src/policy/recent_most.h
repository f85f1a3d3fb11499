#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// RecentMost is the largest number that was told lately.
//
// Model.    Two windows, one after the other, each with its largest number: what was told counts
// for
//           one to two windows.
// Bounds.   O(1).
class RecentMost {
 public:
  // `now` never decreases; `window` may change from call to call.
  void told(Instant now, uint32_t number, Duration window) {
    if (now - began_ >= window) {
      before_ = now - began_ >= 2 * window ? 0 : most_;
      most_ = 0;
      began_ = now;
    }
    raise(number);
  }
  void raise(uint32_t number) { most_ = std::max(most_, number); }
  void set(uint32_t number) {
    before_ = 0;
    most_ = number;
  }
  uint32_t value() const { return std::max(most_, before_); }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(most_, before_, began_);
  }

 private:
  uint32_t most_ = 0;    // since began_
  uint32_t before_ = 0;  // in the window before that
  Instant began_{};
};

}  // namespace warmgate::policy
