// Jobs: what the pools work on. An attempt of a request, or a probe of the serverless pool.
#pragma once

#include <cstdint>

#include "policy/events.h"
#include "policy/slab_map.h"
#include "sim/event_queue.h"
#include "sim/processor.h"
#include "sim/world.h"

namespace warmgate::sim {

using policy::kNoSlot;
using policy::Slot;

enum class Stage : uint8_t {
  connecting,  // and it will fail
  waiting,     // for an instance, or in a backend's own queue
  working,
  answered,  // its work is done, or refused; the answer is on its way
};

struct Job {
  uint32_t check = 0;  // differs between two jobs that had the same slot
  bool is_probe = false;
  bool orphan = false;  // cancelled, but its work goes on
  Stage stage = Stage::connecting;
  policy::BackendRef backend{};
  uint16_t status = 200;
  bool streams = false;  // its first byte comes before its last
  bool first_byte_given = false;
  bool saw_start = false;  // the instance was not ready when the request arrived at the gateway

  double work = 0;       // nanoseconds of a vCPU until the first byte; of a probe, its whole time
  double more_work = 0;  // after it, to the last byte

  // An attempt's.
  policy::AttemptId attempt{};
  policy::RequestId request{};
  Instant arrived{};  // of its request
  Instant began{};
  policy::Reason reason{};
  Slot older = kNoSlot, younger = kNoSlot;  // among attempts without a first byte

  // A probe's.
  policy::ProbeId probe{};
  policy::ProbeKind probe_kind{};

  // Where it is: an instance of the serverless pool.
  uint32_t instance = kNoSlot;
  uint64_t instance_key = 0;
  Instant instance_began{};
  uint64_t instance_served = 0;
};

using JobId = Id<struct JobTag>;

// What the parts of a simulation have in common.
struct Shared {
  const World& world;
  EventQueue queue;
  policy::SlabMap<JobId, Job> jobs;
  Instant now{};

  Job* find(Slot slot, uint32_t check) {
    if (!jobs.holds(slot) || jobs[slot].check != check) return nullptr;
    return &jobs[slot];
  }
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
