#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/events.h"
#include "policy/fair_shares.h"
#include "policy/instant_heap.h"
#include "policy/lane.h"

namespace warmgate::policy {

// AdmissionQueue holds the requests that wait in the gateway, bound to no backend. (And, by itself,
// those that gather their bodies: gathering.cc.)
//
// Model.    A heap by deadline (ties by id) for each lane, and one heap by the end of the wait's
//           budget over all lanes. With fair shares, whose turn it is goes before the deadline
//           (fair_shares.h); what is late is still found by the deadline.
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
    uint64_t key = 0;  // whose it is, for fair shares
  };

  explicit AdmissionQueue(const QueueSettings& settings) { configure(settings); }
  void configure(const QueueSettings& settings);

  bool has_room(uint64_t bytes) const { return has_room(bytes, 1, 0); }
  bool has_room_instead(Slot slot, uint64_t bytes) const;  // if that one were gone
  void push(Slot slot, const Waiter& waiter, Lane lane);
  void serve(Slot slot);   // it is sent, and was its key's turn
  void remove(Slot slot);  // for any other reason
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

  // With fair shares: who is to be sent next, how many come before a further request of a key, and
  // who would have to yield to it. Without: by deadline, all, and nobody.
  bool fair() const { return shares_.on(); }
  Slot next(Lane lane) const { return fair() ? shares_.next(lane) : front(lane); }
  uint32_t ahead(uint64_t key, Lane lane) const {
    return fair() ? shares_.ahead(key, lane) : size(lane);
  }
  uint32_t ahead(uint64_t key) const { return fair() ? shares_.ahead(key) : size(); }
  Slot yields_to(uint64_t key) const { return fair() ? shares_.last_of_largest(key) : kNoSlot; }
  // The one with the earliest deadline of all; with fair shares, of whoever has most of the queue.
  Slot longest_here(uint64_t key) const;

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
    return visitor(max_requests_, max_bytes_, bytes_, entries_, heaps_, expiries_, shares_);
  }

 private:
  struct Entry {
    Waiter waiter;
    Lane lane = Lane::on_time;
  };

  bool has_room(uint64_t bytes, uint32_t more, uint64_t less_bytes) const;
  void enter_shares(Slot slot);
  void take_out(Slot slot);
  InstantHeap& heap(Lane lane) { return heaps_[static_cast<size_t>(lane)]; }
  const InstantHeap& heap(Lane lane) const { return heaps_[static_cast<size_t>(lane)]; }

  uint32_t max_requests_ = 0;
  uint64_t max_bytes_ = 0;
  uint64_t bytes_ = 0;
  std::vector<Entry> entries_;  // by slot; meaningful while expiries_ contains it
  std::array<InstantHeap, kLaneCount> heaps_;
  InstantHeap expiries_;
  FairShares shares_;  // on: of the same requests
};

}  // namespace warmgate::policy
