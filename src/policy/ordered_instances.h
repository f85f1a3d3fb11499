#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace warmgate::policy {

// OrderedInstances remembers starts that were caused at the platform by wakes that waited there and
// were then answered by another instance. Nobody tells when such an instance is ready: somebody has
// to ask, and until then none needs to be ordered in its place.
//
// Model.    An order for each wake that waited at a full pool; as many of them as an instance takes
//           are one instance. It may be asked for when a start should be over, again
//           after kAgain of a start when it was asked for in vain, and is forgotten after two
//           starts.
// Bounds.   At most kMost orders, of which the oldest go first; O(kMost).
class OrderedInstances {
 public:
  static constexpr size_t kMost = 256;
  static constexpr int kAgain = 8;  // times in a start
  static constexpr Duration kShortestAgain = 50ms;

  // What was sent at `at` waited; a start takes `start`.
  void ordered(Instant at, Duration start) {
    if (orders_.size() >= kMost) orders_.erase(orders_.begin());
    orders_.push_back({at + start, at + 2 * start});
  }
  // One was met. `concurrency` >= 1: the requests that an instance takes.
  void found(uint32_t concurrency) {
    const size_t met = std::min<size_t>(concurrency, orders_.size());
    orders_.erase(orders_.begin(), orders_.begin() + static_cast<std::ptrdiff_t>(met));
  }
  void clear() { orders_.clear(); }

  uint32_t orders() const { return static_cast<uint32_t>(orders_.size()); }
  bool empty() const { return orders_.empty(); }
  uint32_t instances(uint32_t concurrency) const {
    return in_instances(orders_.size(), concurrency);
  }
  // When the next one may be asked for; kNever when there is none.
  Instant next_due() const;
  // How many are to be asked for now; they are due again later.
  uint32_t ask(Instant now, Duration start, uint32_t concurrency);
  // Drops those that never came; how many instances were asked for in vain.
  uint32_t forget(Instant now, uint32_t concurrency);

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(orders_);
  }

 private:
  struct Order {
    Instant due;
    Instant forgotten;
    bool asked = false;
  };
  static uint32_t in_instances(size_t orders, uint32_t concurrency) {
    return static_cast<uint32_t>((orders + concurrency - 1) / concurrency);
  }

  std::vector<Order> orders_;  // oldest first
};

inline Instant OrderedInstances::next_due() const {
  Instant next = kNever;
  for (const Order& order : orders_) next = std::min(next, order.due);
  return next;
}

inline uint32_t OrderedInstances::ask(Instant now, Duration start, uint32_t concurrency) {
  size_t due = 0;
  for (Order& order : orders_) {
    if (order.due > now) continue;
    order.asked = true;
    order.due = now + std::max(start / kAgain, kShortestAgain);
    ++due;
  }
  return in_instances(due, concurrency);
}

inline uint32_t OrderedInstances::forget(Instant now, uint32_t concurrency) {
  size_t in_vain = 0;
  std::erase_if(orders_, [&](const Order& order) {
    const bool over = order.forgotten <= now;
    in_vain += over && order.asked ? 1 : 0;
    return over;
  });
  return in_instances(in_vain, concurrency);
}

}  // namespace warmgate::policy
