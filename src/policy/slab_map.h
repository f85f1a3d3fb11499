#pragma once

#include <cstdint>
#include <memory>
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
// Model.    Records live in blocks with a free list; an open-addressing table (linear probing,
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

  // Makes a T of `arguments`, which must not use this map meanwhile.
  template <class... Arguments>
  Slot insert(IdType id, Arguments&&... arguments) {
    WG_ASSERT(id.value != 0, "an id is never 0");
    if ((size_ + 1) * 2 > table_.size()) grow();
    const Slot slot = free_.empty() ? new_slot() : free_.back();
    place(id.value, slot);
    if (!free_.empty()) free_.pop_back();
    std::construct_at(&record(slot).value, std::forward<Arguments>(arguments)...);
    record(slot).id = id.value;
    ++size_;
    return slot;
  }

  Slot find(IdType id) const {
    if (id.value == 0) return kNoSlot;
    for (size_t i = home(id.value);; i = next(i)) {
      if (table_[i] == 0) return kNoSlot;
      if (record(table_[i] - 1).id == id.value) return table_[i] - 1;
    }
  }

  bool holds(Slot slot) const { return slot < slots_ && record(slot).id != 0; }
  T& operator[](Slot slot) { return record(slot).value; }
  const T& operator[](Slot slot) const { return record(slot).value; }

  void erase(Slot slot) {
    WG_ASSERT(holds(slot), "only a record that is held can be erased");
    remove_from_table(record(slot).id);
    record(slot).id = 0;
    std::destroy_at(&record(slot).value);
    free_.push_back(slot);
    --size_;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Slot slot = 0; slot < slots_; ++slot) {
      if (holds(slot)) visit(slot, record(slot).value);
    }
  }

  // All records and the free slots in their order (policy/checkpoint.h); the table follows from
  // them. Reading is for an empty map.
  template <class Archive>
  void archive(Archive& archive) {
    const size_t slots = archive.count(slots_);
    for (size_t i = 0; i < slots && archive.ok(); ++i) {
      if (Archive::kReads) new_slot();
      archive_record(archive, static_cast<Slot>(i));
    }
    const size_t free = archive.count(free_.size());
    archive.require(free == slots_ - size_);
    if (Archive::kReads && archive.ok()) free_.assign(free, kNoSlot);
    for (Slot& slot : free_) archive.bytes(&slot, sizeof(slot));
    if (Archive::kReads && archive.ok()) archive.require(free_slots_are_free());
  }

 private:
  static constexpr size_t kSmallest = 64;  // a power of two
  static constexpr Slot kBlock = 64;       // a power of two, so that a slot is found by shifts

  struct Record {
    uint64_t id = 0;  // 0: free
    union {
      T value;  // unless free
    };

    Record() {}
    ~Record() {
      if (id != 0) std::destroy_at(&value);
    }
  };

  Record& record(Slot slot) { return blocks_[slot / kBlock][slot % kBlock]; }
  const Record& record(Slot slot) const { return blocks_[slot / kBlock][slot % kBlock]; }

  Slot new_slot() {
    if (slots_ % kBlock == 0) blocks_.push_back(std::make_unique<Record[]>(kBlock));
    return slots_++;
  }

  template <class Archive>
  void archive_record(Archive& archive, Slot slot) {
    uint64_t id = record(slot).id;
    archive.bytes(&id, sizeof(id));
    if (id == 0 || !archive.ok()) return;
    if constexpr (Archive::kReads) {
      archive.require(find(IdType{id}) == kNoSlot);
      if (!archive.ok()) return;
      if ((size_ + 1) * 2 > table_.size()) grow();
      std::construct_at(&record(slot).value);
      record(slot).id = id;
      place(id, slot);
      ++size_;
    }
    pass(archive, record(slot).value);
  }

  bool free_slots_are_free() const {
    std::vector<bool> seen(slots_);
    for (const Slot slot : free_) {
      if (slot >= slots_ || holds(slot) || seen[slot]) return false;
      seen[slot] = true;
    }
    return true;
  }

  size_t next(size_t i) const { return (i + 1) & (table_.size() - 1); }
  size_t home(uint64_t id) const {
    return static_cast<size_t>((id * 0x9e3779b97f4a7c15ULL) >> 32) & (table_.size() - 1);
  }

  void place(uint64_t id, Slot slot) {
    size_t i = home(id);
    for (; table_[i] != 0; i = next(i)) {
      WG_ASSERT(record(table_[i] - 1).id != id, "an id is used once");
    }
    table_[i] = slot + 1;
  }

  void remove_from_table(uint64_t id) {
    size_t hole = home(id);
    while (record(table_[hole] - 1).id != id) hole = next(hole);
    for (size_t i = next(hole); table_[i] != 0; i = next(i)) {
      const size_t wanted = home(record(table_[i] - 1).id);
      const size_t mask = table_.size() - 1;
      if (((i - wanted) & mask) < ((i - hole) & mask)) continue;  // would move before its home
      table_[hole] = table_[i];
      hole = i;
    }
    table_[hole] = 0;
  }

  void grow() {
    table_.assign(table_.size() * 2, 0);
    for (Slot slot = 0; slot < slots_; ++slot) {
      if (holds(slot)) place(record(slot).id, slot);
    }
  }

  std::vector<std::unique_ptr<Record[]>> blocks_;
  Slot slots_ = 0;  // used or free
  std::vector<Slot> free_;
  std::vector<Slot> table_;  // slot + 1; 0: empty
  uint32_t size_ = 0;
};

}  // namespace warmgate::policy
