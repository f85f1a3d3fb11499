#include "policy/instant_heap.h"

#include "base/assert.h"

namespace warmgate::policy {

void InstantHeap::push(Slot slot, Instant at, uint64_t id) {
  WG_ASSERT(!contains(slot), "a slot stands in a heap once");
  if (slot >= places_.size()) places_.resize(slot + 1, kNoPlace);
  entries_.push_back({at, id, slot});
  rise(size() - 1, {at, id, slot});
}

void InstantHeap::remove(Slot slot) {
  WG_ASSERT(contains(slot), "only a slot in the heap can be removed");
  const uint32_t hole = places_[slot];
  places_[slot] = kNoPlace;
  const Entry last = entries_.back();
  entries_.pop_back();
  if (hole == entries_.size()) return;
  if (hole > 0 && before(last, entries_[(hole - 1) / 2])) {
    rise(hole, last);
  } else {
    sink(hole, last);
  }
}

void InstantHeap::rise(uint32_t place, Entry entry) {
  while (place > 0) {
    const uint32_t parent = (place - 1) / 2;
    if (!before(entry, entries_[parent])) break;
    put(place, entries_[parent]);
    place = parent;
  }
  put(place, entry);
}

void InstantHeap::sink(uint32_t place, Entry entry) {
  for (;;) {
    uint32_t child = 2 * place + 1;
    if (child >= size()) break;
    if (child + 1 < size() && before(entries_[child + 1], entries_[child])) ++child;
    if (!before(entries_[child], entry)) break;
    put(place, entries_[child]);
    place = child;
  }
  put(place, entry);
}

bool InstantHeap::sound() const {
  uint32_t place = 0;
  for (const Entry& entry : entries_) {
    if (entry.slot >= places_.size() || places_[entry.slot] != place++) return false;
  }
  const auto elsewhere = std::ranges::count(places_, kNoPlace);
  return places_.size() - static_cast<size_t>(elsewhere) == entries_.size();
}

void InstantHeap::check_invariants() const {
  for (uint32_t i = 0; i < size(); ++i) {
    WG_ASSERT(places_[entries_[i].slot] == i, "every slot knows its place");
    WG_ASSERT(i == 0 || !before(entries_[i], entries_[(i - 1) / 2]), "parents come first");
  }
}

}  // namespace warmgate::policy
