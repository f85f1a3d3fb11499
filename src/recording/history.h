// History: what a recording tells of its requests, attempts and wakes, whatever policy it was.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/status.h"
#include "recording/recording.h"

namespace warmgate::recording {

// One request that arrived while it was recorded.
struct PastRequest {
  enum class End : uint8_t { running, answered, failed, refused, gone };

  policy::RequestArrived arrived;
  Instant at{};      // when it was here with its body
  bool here = true;  // false: its body never was
  End end = End::running;
  Instant ended{};
  policy::PoolKind pool = policy::PoolKind::always_on;  // of the attempt that answered
  Duration service{};      // of that attempt, from its start to its end; 0: none
  bool saw_start = false;  // that attempt was on an instance that started meanwhile

  Duration latency() const { return ended - at; }
};

struct History {
  Duration span{};
  std::vector<PastRequest> requests;  // by `at`
  std::array<uint64_t, policy::kReasonCount> attempts_by_reason{};
  std::array<uint64_t, policy::kRejectReasonCount> rejects_by_reason{};
  uint64_t wakes = 0, wakes_answered = 0;
  std::vector<Duration> starts;   // wakes that started an instance: from sent to answered
  uint64_t unknown_attempts = 0;  // of requests that arrived before the recording begins

  uint64_t ended(PastRequest::End end) const;
  uint64_t answered_by(policy::PoolKind pool) const;
  // Of the answered ones, ascending.
  std::vector<Duration> latencies() const;
  // Of answers that waited for no start, ascending.
  std::vector<Duration> service_times(policy::PoolKind pool) const;
};

History history_of(const Recording& recording);

// Nearest rank of ascending values; 0 when there is none.
Duration quantile(const std::vector<Duration>& ascending, double q);

}  // namespace warmgate::recording
