#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace warmgate::policy {

// A slot number names a record in a SlabMap until it is erased; other structures hold it instead of
// the id, to save a look-up.
using Slot = uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;

// SlabMap keeps records by id, in storage that never moves and is used again.
//
// Model.    Records live in a deque with a free list; an open-addressing table (linear probing,
//           backward-shift deletion) maps an id to its slot.
// Bounds.   O(1) insert, find and erase. Memory follows the greatest number of records held at
//           once; in the steady state nothing is allocated.
// Order.    for_each goes by slot number, which depends only on the history of inserts and erases.
// Source.   Knuth vol. 3, 6.4 R (deletion with linear probing).
template <class IdType, class T>
class SlabMap {
 public:
  SlabMap() : table_(kSmallest, 0) {}

  uint32_t size() const { return size_; }

  Slot insert(IdType id, T value) {
    WG_ASSERT(id.value != 0, "an id is never 0");
    WG_ASSERT(find(id) == kNoSlot, "an id is used once");
    if ((size_ + 1) * 2 > table_.size()) grow();
    Slot slot;
    if (free_.empty()) {
      slot = static_cast<Slot>(records_.size());
      records_.push_back({id.value, std::move(value)});
    } else {
      slot = free_.back();
      free_.pop_back();
      records_[slot] = {id.value, std::move(value)};
    }
    place(id.value, slot);
    ++size_;
    return slot;
  }

  Slot find(IdType id) const {
    if (id.value == 0) return kNoSlot;
    for (size_t i = home(id.value);; i = next(i)) {
      if (table_[i] == 0) return kNoSlot;
      if (records_[table_[i] - 1].id == id.value) return table_[i] - 1;
    }
  }

  bool holds(Slot slot) const { return slot < records_.size() && records_[slot].id != 0; }
  T& operator[](Slot slot) { return records_[slot].value; }
  const T& operator[](Slot slot) const { return records_[slot].value; }

  void erase(Slot slot) {
    WG_ASSERT(holds(slot), "only a record that is held can be erased");
    remove_from_table(records_[slot].id);
    records_[slot].id = 0;
    free_.push_back(slot);
    --size_;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Slot slot = 0; slot < records_.size(); ++slot) {
      if (records_[slot].id != 0) visit(slot, records_[slot].value);
    }
  }

 private:
  static constexpr size_t kSmallest = 64;  // a power of two

  struct Record {
    uint64_t id = 0;  // 0: free
    T value;
  };

  size_t next(size_t i) const { return (i + 1) & (table_.size() - 1); }
  size_t home(uint64_t id) const {
    return static_cast<size_t>((id * 0x9e3779b97f4a7c15ULL) >> 32) & (table_.size() - 1);
  }

  void place(uint64_t id, Slot slot) {
    size_t i = home(id);
    while (table_[i] != 0) i = next(i);
    table_[i] = slot + 1;
  }

  void remove_from_table(uint64_t id) {
    size_t hole = home(id);
    while (records_[table_[hole] - 1].id != id) hole = next(hole);
    for (size_t i = next(hole); table_[i] != 0; i = next(i)) {
      const size_t wanted = home(records_[table_[i] - 1].id);
      const size_t mask = table_.size() - 1;
      if (((i - wanted) & mask) < ((i - hole) & mask)) continue;  // would move before its home
      table_[hole] = table_[i];
      hole = i;
    }
    table_[hole] = 0;
  }

  void grow() {
    table_.assign(table_.size() * 2, 0);
    for (Slot slot = 0; slot < records_.size(); ++slot) {
      if (records_[slot].id != 0) place(records_[slot].id, slot);
    }
  }

  std::deque<Record> records_;
  std::vector<Slot> free_;
  std::vector<Slot> table_;  // slot + 1; 0: empty
  uint32_t size_ = 0;
};

}  // namespace warmgate::policy
