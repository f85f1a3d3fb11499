#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// WakeTrials learns how often an instance that a forecast called for was needed when it would have
// been there. Where idle time is paid, a wake has to be worth its price.
//
// Model.    A call opens a window, from half a start to two starts later, whether a wake is sent or
//           not. A need within it is a hit, else it is a miss. The chance is the share of hits, the
//           older ones forgotten, and one hit more: who has seen little wakes. Instance k learns
//           with those of its doubling (1, 2, 3-4, 5-8 ...).
// Bounds.   O(kGroups) for each call, fixed size. 0 < chance <= 1.
// Source.   The share is a Beta estimate with discounting (Raj, Kalyani 2017); what it is weighed
//           against is the newsvendor's ratio (Arrow, Harris, Marschak 1951).
class WakeTrials {
 public:
  static constexpr size_t kGroups = 16;  // up to 32,768 instances

  static size_t group_of(uint32_t k) {
    return std::min<size_t>(std::bit_width(k - 1), kGroups - 1);
  }

  // Instances 1 to k are called for.
  void called(Instant now, uint32_t k, Duration start);
  // Instance k is at work, or would be if it were there.
  void needed(Instant now, uint32_t k);

  double chance(uint32_t k) const { return all_[group_of(k)].chance(); }
  // Instance k may still be needed, as it was called for: until then.
  Instant open_until(uint32_t k) const;

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(all_);
  }

 private:
  static constexpr double kKept = 63.0 / 64;  // of the past, at each trial

  struct Trials {
    double hits = 0, misses = 0;
    bool open = false;
    Instant from{}, until{};

    double chance() const { return (hits + 1) / (hits + misses + 1); }
    void end(bool hit);
  };

  std::array<Trials, kGroups> all_;
};

}  // namespace warmgate::policy
