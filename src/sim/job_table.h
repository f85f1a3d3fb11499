#pragma once

#include <array>
#include <vector>

#include "base/assert.h"
#include "sim/job.h"

namespace warmgate::sim {

// JobTable holds the jobs that are at the pools or on their way.
//
// Model.    Records in one array, free ones reused last in, first out. An event carries slot and
//           check, so it needs no search. An attempt is found by its id in a table of hints, which
//           a later id may have overwritten; then by looking at all: only CancelAttempt asks, and
//           the usual one is for the attempt that was just answered or for a recent one.
// Bounds.   Memory follows the greatest number held. References last until the next insert().
class JobTable {
 public:
  JobTable() { hints_.fill(kNoSlot); }

  // A new job; `attempt` is none for a probe.
  Slot insert(policy::AttemptId attempt) {
    Slot slot;
    if (free_.empty()) {
      slot = static_cast<Slot>(jobs_.size());
      jobs_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
      jobs_[slot] = Job{};
    }
    jobs_[slot].check = new_check();
    jobs_[slot].attempt = attempt;
    if (attempt) hints_[attempt.value % kHints] = slot;
    return slot;
  }

  // The job of an attempt, or kNoSlot.
  Slot find(policy::AttemptId attempt) const {
    const Slot hint = hints_[attempt.value % kHints];
    if (hint != kNoSlot && is(hint, attempt)) return hint;
    for (Slot slot = 0; slot < jobs_.size(); ++slot) {
      if (is(slot, attempt)) return slot;
    }
    return kNoSlot;
  }

  // nullptr when the job that an event was about is gone.
  Job* find(Slot slot, uint32_t check) {
    return jobs_[slot].check == check ? &jobs_[slot] : nullptr;
  }

  void erase(Slot slot) {
    WG_ASSERT(jobs_[slot].check != 0, "a job ends once");
    jobs_[slot].check = 0;
    free_.push_back(slot);
  }

  uint32_t new_check() { return ++last_check_ == 0 ? ++last_check_ : last_check_; }

  Job& operator[](Slot slot) { return jobs_[slot]; }
  const Job& operator[](Slot slot) const { return jobs_[slot]; }

 private:
  static constexpr size_t kHints = 4'096;

  bool is(Slot slot, policy::AttemptId attempt) const {
    return jobs_[slot].check != 0 && jobs_[slot].attempt == attempt;
  }

  std::vector<Job> jobs_;
  std::vector<Slot> free_;
  std::array<Slot, kHints> hints_;
  uint32_t last_check_ = 0;  // 0 is for free records
};

}  // namespace warmgate::sim
