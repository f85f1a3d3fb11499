// Worker: a Processor at work on jobs, and what all parts of a simulation share.
#pragma once

#include "sim/event_queue.h"
#include "sim/job_table.h"
#include "sim/processor.h"
#include "sim/world.h"

namespace warmgate::sim {

// What the parts of a simulation have in common.
struct Shared {
  const World& world;
  EventQueue queue;
  JobTable jobs;
  Instant now{};
};

// Which part of a job's work is done.
enum class Done : uint8_t { nothing, first_byte, all };

// Worker is a Processor that works on jobs, and asks to be looked at when the next is done.
class Worker {
 public:
  explicit Worker(const Processor& processor) : processor_(processor) {}

  void begin(Shared& shared, Slot slot) {
    Job& job = shared.jobs[slot];
    job.stage = Stage::working;
    processor_.add(shared.now, slot, job.work);
  }
  void remove(Shared& shared, Slot slot) { processor_.remove(shared.now, slot); }

  // A job of which a part is done by now; the caller asks until there is none, then calls watch().
  Done take_done(Shared& shared, Slot& slot) {
    if (!processor_.take_done(shared.now, slot)) return Done::nothing;
    Job& job = shared.jobs[slot];
    if (job.more_work == 0) return Done::all;
    processor_.add(shared.now, slot, job.more_work);
    job.more_work = 0;
    return Done::first_byte;
  }

  // An event that was asked for too early costs a look; none is asked for twice.
  void watch(Shared& shared, Happening what, uint32_t index) {
    const Instant next = processor_.next();
    if (next >= watched_) return;
    watched_ = next;
    shared.queue.push(next, what, index);
  }
  bool is_due(Instant at) {
    if (at != watched_) return false;
    watched_ = kNever;
    return true;
  }

  Processor& processor() { return processor_; }
  const Processor& processor() const { return processor_; }

 private:
  Processor processor_;
  Instant watched_ = kNever;
};

}  // namespace warmgate::sim
