// Jobs: what the pools work on. An attempt of a request, or a probe of the serverless pool.
#pragma once

#include <cstdint>

#include "policy/events.h"
#include "policy/slab_map.h"

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
  uint32_t check = 0;  // differs between two jobs that had the same slot; 0: none
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

}  // namespace warmgate::sim
