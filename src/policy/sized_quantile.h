#pragma once

#include <array>

#include "policy/size_class.h"
#include "stats/recent_quantile.h"

namespace warmgate::policy {

// SizedQuantile learns the high quantile of a time, by the size of requests.
//
// Model.    One window of all samples; and, once requests of a second size class came, a window for
//           each class. A class answers for itself when it has kEnough samples, until then all do.
//           Where all requests are of one class, its window would be the common one, and is spared.
// Units.    Durations; bytes of a request's body.
// Bounds.   O(1) to ask; kWindow + kSizeClasses * kClassWindow samples.
class SizedQuantile {
 public:
  static constexpr size_t kWindow = 128;
  static constexpr size_t kClassWindow = 64;
  static constexpr size_t kEnough = 20;  // so that the high quantile is not the highest one
  static constexpr double kHigh = 0.95;

  void add(Duration took, uint64_t bytes);

  const stats::RecentQuantile& all() const { return all_; }
  Duration high() const { return high_; }  // 0 when nothing is known
  Duration high(uint64_t bytes) const { return mixed_ ? class_high_[size_class_of(bytes)] : high_; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(all_, high_, mixed_, only_class_, by_class_, class_high_);
  }

 private:
  struct ClassWindow {
    stats::RecentQuantile times{kClassWindow};
  };

  void add_to_class(Duration took, size_t size_class);

  stats::RecentQuantile all_{kWindow};
  Duration high_{};  // asked far more often than it changes
  bool mixed_ = false;
  uint8_t only_class_ = 0;  // of all samples, unless mixed
  std::array<ClassWindow, kSizeClasses> by_class_;
  std::array<Duration, kSizeClasses> class_high_{};  // what high(bytes) says, once mixed
};

}  // namespace warmgate::policy
