#pragma once

#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace warmgate::sim {

// What a future event of the simulation is about; `slot` and `check` mean what its kind says.
enum class Happening : uint8_t {
  always_on_work,  // backend `slot` has finished work, or changes its speed
  instance_work,   // the same of an instance
  answer,          // the answer of job `slot` reaches the gateway
  end,             // the last byte of job `slot` does
  connect_fails,   // attempt or probe `slot` cannot connect
  gives_up,        // job `slot` waited for an instance for too long
  probe_limit,     // the time limit of probe `slot`
  instance_ready,  // instance `slot`
  instance_idle,   // instance `slot` may have idled for long enough to end
  scale_tick,      // the platform looks at its window
  attempt_limit,   // the oldest attempt without a first byte may have reached its limit
  measure,         // from here on it counts
  fault_begins,    // fault number `slot`
  fault_ends,
};

// EventQueue holds what will happen, ordered by time; at equal times by the order of being added.
//
// Model.    4-ary heap in one array: half the levels of a binary one, the children of a node in one
//           and a half cache lines.
// Bounds.   O(log n) each; memory grows to the greatest number held.
// Source.   Johnson 1975 (d-ary heaps).
class EventQueue {
 public:
  struct Entry {
    Instant at;
    uint64_t order;  // << 8, and the kind in the low byte
    uint32_t slot;
    uint32_t check;  // tells an event about something that is gone from one about its successor

    Happening what() const { return static_cast<Happening>(order & 0xff); }
  };

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  Instant next() const { return heap_.empty() ? kNever : heap_.front().at; }

  void push(Instant at, Happening what, uint32_t slot = 0, uint32_t check = 0) {
    const Entry entry{at, ++order_ << 8 | static_cast<uint8_t>(what), slot, check};
    size_t place = heap_.size();
    heap_.push_back(entry);
    while (place > 0) {
      const size_t parent = (place - 1) / kWidth;
      if (!before(entry, heap_[parent])) break;
      heap_[place] = heap_[parent];
      place = parent;
    }
    heap_[place] = entry;
  }

  Entry pop() {
    WG_ASSERT(!heap_.empty(), "there is something to pop");
    const Entry first = heap_.front();
    const Entry last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }

 private:
  static constexpr size_t kWidth = 4;

  static bool before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }

  void sink(const Entry& entry) {
    const size_t size = heap_.size();
    size_t place = 0;
    for (size_t child = 1; child < size; child = place * kWidth + 1) {
      size_t least = child;
      const size_t end = child + kWidth < size ? child + kWidth : size;
      for (size_t i = child + 1; i < end; ++i) {
        if (before(heap_[i], heap_[least])) least = i;
      }
      if (!before(heap_[least], entry)) break;
      heap_[place] = heap_[least];
      place = least;
    }
    heap_[place] = entry;
  }

  std::vector<Entry> heap_;
  uint64_t order_ = 0;
};

}  // namespace warmgate::sim
