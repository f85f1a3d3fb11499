#pragma once

#include <algorithm>
#include <vector>

#include "base/time.h"
#include "policy/slab_map.h"

namespace warmgate::policy {

// InstantHeap orders slots by an instant, ties by id, and can remove any of them.
//
// Model.    Binary heap with the position of each slot kept beside it.
// Bounds.   O(log n) push, remove; O(1) front, contains. Grows to the greatest number held; the
//           position table follows the greatest slot number.
// Source.   Sedgewick, "Algorithms", 2.4 (index priority queue).
class InstantHeap {
 public:
  struct Entry {
    Instant at;
    uint64_t id;  // breaks ties
    Slot slot;
  };

  bool empty() const { return entries_.empty(); }
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  bool contains(Slot slot) const { return slot < places_.size() && places_[slot] != kNoPlace; }

  const Entry& front() const { return entries_.front(); }
  Instant next() const { return entries_.empty() ? kNever : entries_.front().at; }
  Instant at(Slot slot) const { return entries_[places_[slot]].at; }

  void push(Slot slot, Instant at, uint64_t id);
  void remove(Slot slot);  // must be contained
  void remove_if_there(Slot slot) {
    if (contains(slot)) remove(slot);
  }

  void check_invariants() const;

  bool sound() const;  // for members that were read from a file
  template <class Check>
  bool all_slots(Check&& check) const {
    return std::ranges::all_of(entries_, check, &Entry::slot);
  }
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(entries_, places_);
  }

 private:
  static constexpr uint32_t kNoPlace = UINT32_MAX;

  static bool before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.id < b.id;
  }
  void put(uint32_t place, const Entry& entry) {
    entries_[place] = entry;
    places_[entry.slot] = place;
  }
  void rise(uint32_t place, Entry entry);
  void sink(uint32_t place, Entry entry);

  std::vector<Entry> entries_;
  std::vector<uint32_t> places_;  // by slot
};

}  // namespace warmgate::policy
