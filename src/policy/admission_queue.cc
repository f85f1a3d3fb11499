#include "policy/admission_queue.h"

#include "base/assert.h"

namespace warmgate::policy {

void AdmissionQueue::configure(const QueueSettings& settings) {
  max_requests_ = settings.max_requests;
  max_bytes_ = settings.max_bytes;
  if (settings.fair == shares_.on()) return;
  shares_ = FairShares{};
  if (!settings.fair) return;
  shares_.switch_on();
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    if (contains(slot)) enter_shares(slot);
  }
}

bool AdmissionQueue::has_room(uint64_t bytes, uint32_t more, uint64_t less_bytes) const {
  const uint64_t held = bytes_ - less_bytes;
  return size() + more <= max_requests_ && bytes <= max_bytes_ && held <= max_bytes_ - bytes;
}

bool AdmissionQueue::has_room_instead(Slot slot, uint64_t bytes) const {
  return has_room(bytes, 0, entries_[slot].waiter.bytes);
}

void AdmissionQueue::push(Slot slot, const Waiter& waiter, Lane lane) {
  if (slot >= entries_.size()) entries_.resize(slot + 1);
  entries_[slot] = {waiter, lane};
  heap(lane).push(slot, waiter.deadline, waiter.request.value);
  expiries_.push(slot, waiter.expires, waiter.request.value);
  bytes_ += waiter.bytes;
  if (fair()) enter_shares(slot);
}

void AdmissionQueue::enter_shares(Slot slot) {
  const Entry& entry = entries_[slot];
  shares_.enter(slot,
                {entry.waiter.key, entry.lane, entry.waiter.deadline, entry.waiter.request.value});
}

void AdmissionQueue::serve(Slot slot) {
  if (fair()) shares_.served(slot);
  take_out(slot);
}

void AdmissionQueue::remove(Slot slot) {
  if (fair()) shares_.left(slot);
  take_out(slot);
}

void AdmissionQueue::take_out(Slot slot) {
  expiries_.remove(slot);
  heap(entries_[slot].lane).remove(slot);
  bytes_ -= entries_[slot].waiter.bytes;
}

void AdmissionQueue::move(Slot slot, Lane lane) {
  WG_ASSERT(contains(slot), "only a waiting request changes its lane");
  Entry& entry = entries_[slot];
  heap(entry.lane).remove(slot);
  entry.lane = lane;
  heap(lane).push(slot, entry.waiter.deadline, entry.waiter.request.value);
  if (fair()) shares_.move(slot, lane);
}

void AdmissionQueue::set_expiry(Slot slot, Instant expires) {
  expiries_.remove(slot);
  entries_[slot].waiter.expires = expires;
  expiries_.push(slot, expires, entries_[slot].waiter.request.value);
}

Slot AdmissionQueue::longest_here(uint64_t key) const {
  if (fair()) return shares_.first_of_largest(key);
  Slot first = kNoSlot;
  Instant deadline = kNever;
  for (const InstantHeap& lane : heaps_) {
    if (lane.empty() || (first != kNoSlot && lane.next() >= deadline)) continue;
    first = lane.front().slot;
    deadline = lane.next();
  }
  return first;
}

bool AdmissionQueue::sound() const {
  uint32_t in_lanes = 0;
  bool sound = true;
  for (size_t lane = 0; lane < kLaneCount; ++lane) {
    in_lanes += heaps_[lane].size();
    sound = sound && heaps_[lane].all_slots([&](Slot slot) {
      return slot < entries_.size() && static_cast<size_t>(entries_[slot].lane) == lane &&
             expiries_.contains(slot);
    });
  }
  return sound && in_lanes == expiries_.size() &&
         (!fair() || shares_.holds_exactly(expiries_.size(), [&](Slot slot, Lane lane) {
           return contains(slot) && entries_[slot].lane == lane;
         }));
}

void AdmissionQueue::check_invariants() const {
  expiries_.check_invariants();
  uint32_t in_lanes = 0;
  for (const InstantHeap& lane : heaps_) {
    lane.check_invariants();
    in_lanes += lane.size();
  }
  WG_ASSERT(in_lanes == expiries_.size(), "every waiting request stands in one lane");
  uint64_t bytes = 0;
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    if (!contains(slot)) continue;
    WG_ASSERT(heap(entries_[slot].lane).contains(slot), "a waiting request stands in its lane");
    bytes += entries_[slot].waiter.bytes;
  }
  WG_ASSERT(bytes == bytes_, "the bytes of the queue are those of its requests");
  shares_.check_invariants();
  WG_ASSERT(sound(), "whoever waits has a place in a share, and nobody else");
}

}  // namespace warmgate::policy
