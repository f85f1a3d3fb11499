#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/events.h"
#include "policy/instant_heap.h"

namespace warmgate::policy {

// Which backends a waiting request may still be sent to, and how urgent it is.
enum class Lane : uint8_t {
  on_time,          // can still meet its deadline
  late,             // cannot, and is served late rather than refused
  serverless_only,  // heavy: must not, or should not, take an always-on slot
};
constexpr Lane last_value(Lane) {
  return Lane::serverless_only;
}
inline constexpr size_t kLaneCount = 3;

// AdmissionQueue holds the requests that wait in the gateway, bound to no backend.
//
// Model.    A heap by deadline (ties by id) for each lane, and one heap by the end of the wait's
//           budget over all lanes.
// Units.    Requests and bytes of request bodies.
// Bounds.   has_room() holds new requests to max_requests and max_bytes. A request that had been
//           sent once may return without asking: those are at most as many as there are slots.
//           O(log n) for each change.
// Source.   Earliest deadline first (Liu, Layland 1973); what can no longer meet its deadline is
//           set apart, because EDF under overload would let it make its successors late, too.
class AdmissionQueue {
 public:
  struct Waiter {
    RequestId request;
    Instant deadline;
    Instant expires;  // end of the wait's budget
    uint64_t bytes = 0;
  };

  explicit AdmissionQueue(const QueueSettings& settings) { configure(settings); }
  void configure(const QueueSettings& settings);

  bool has_room(uint64_t bytes) const;
  void push(Slot slot, const Waiter& waiter, Lane lane);
  void remove(Slot slot);
  void move(Slot slot, Lane lane);
  void set_expiry(Slot slot, Instant expires);

  bool empty() const { return expiries_.empty(); }
  bool empty(Lane lane) const { return heap(lane).empty(); }
  uint32_t size() const { return expiries_.size(); }
  uint32_t size(Lane lane) const { return heap(lane).size(); }
  uint64_t bytes() const { return bytes_; }
  bool contains(Slot slot) const { return expiries_.contains(slot); }

  // The slot with the earliest deadline in a lane; kNoSlot when it is empty.
  Slot front(Lane lane) const { return heap(lane).empty() ? kNoSlot : heap(lane).front().slot; }
  Instant front_deadline(Lane lane) const { return heap(lane).next(); }

  Slot first_to_expire() const { return empty() ? kNoSlot : expiries_.front().slot; }
  Instant next_expiry() const { return expiries_.next(); }

  void check_invariants() const;

  bool sound() const;  // for members that were read from a file
  template <class Check>
  bool all_slots(Check&& check) const {
    return expiries_.all_slots(check);
  }
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(max_requests_, max_bytes_, bytes_, entries_, heaps_, expiries_);
  }

 private:
  struct Entry {
    Waiter waiter;
    Lane lane = Lane::on_time;
  };

  InstantHeap& heap(Lane lane) { return heaps_[static_cast<size_t>(lane)]; }
  const InstantHeap& heap(Lane lane) const { return heaps_[static_cast<size_t>(lane)]; }

  uint32_t max_requests_ = 0;
  uint64_t max_bytes_ = 0;
  uint64_t bytes_ = 0;
  std::vector<Entry> entries_;  // by slot; meaningful while expiries_ contains it
  std::array<InstantHeap, kLaneCount> heaps_;
  InstantHeap expiries_;
};

}  // namespace warmgate::policy
