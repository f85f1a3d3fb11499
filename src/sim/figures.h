// Figures: what a simulation came to. Plain values; every policy is measured by the same code.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "policy/status.h"
#include "stats/latency_histogram.h"

namespace warmgate::sim {

inline constexpr Duration kMonth = 730h;

struct Cost {
  double always_on = 0;
  double serverless_cpu = 0;  // GPU included; starting, serving, instance-based: idle too
  double serverless_memory = 0;
  double serverless_requests = 0;
  double serverless_idle = 0;  // request-based: min-instances without requests

  double serverless() const {
    return serverless_cpu + serverless_memory + serverless_requests + serverless_idle;
  }
  double total() const { return always_on + serverless(); }
};

// Why a request broke the SLO, by what the world knows; the first that holds.
enum class ViolationCause : uint8_t {
  failed,      // it got no answer, or an error
  impossible,  // its service alone is longer than the SLO in either pool
  start,       // it waited for an instance to start, in the gateway or at the platform
  refused,     // refused by the gateway or the platform, and no start was under way
  queued,      // it waited in the gateway for a slot
  slow,        // sent at once, but the pool that had it was overloaded, slow or out of credits
};
inline constexpr size_t kViolationCauses = static_cast<size_t>(ViolationCause::slow) + 1;
const char* name(ViolationCause cause);

struct Wakes {
  uint64_t total = 0;   // wakes and pings of a scale-to-zero pool
  uint64_t useful = 0;  // started an instance that later answered a request
  uint64_t wasted = 0;  // started an instance that never did
  // The rest met a ready instance, a start that was under way, or a refusal.
  double usd = 0;  // billed before the first request used what they started, and their fees
};

// Means over equal bins of the simulated time, for plots.
struct Timeline {
  struct Bin {
    uint64_t arrivals = 0;
    uint64_t violations = 0;  // of requests that ended in it
    double always_on_in_flight = 0;
    double serverless_in_flight = 0;
    double instances = 0;  // starting or ready
    double queued = 0;     // in the gateway
  };
  Duration width{};
  std::vector<Bin> bins;  // empty: not asked for
};

struct Figures {
  Duration span{};  // measured: from the workload's zero (or measure_from) to the last end
  Cost cost;
  double usd() const { return cost.total(); }
  double usd_per_month() const { return usd() * to_seconds(kMonth) / to_seconds(span); }

  uint64_t requests = 0;
  uint64_t answered = 0;  // with a good answer, late or not
  uint64_t late = 0;      // answered beyond the SLO
  uint64_t refused = 0;   // 429 or 503, by the gateway or passed on
  uint64_t failed = 0;    // any other end: 502, 504, an answer that broke off
  uint64_t violations() const { return late + refused + failed; }
  double violations_per_million() const {
    return requests == 0 ? 0
                         : 1e6 * static_cast<double>(violations()) / static_cast<double>(requests);
  }
  std::array<uint64_t, kViolationCauses> violations_by_cause{};
  std::array<uint64_t, policy::kRejectReasonCount> shed_by_reason{};
  uint64_t refused_low_priority = 0;

  stats::LatencyHistogram latency;  // of answered ones: arrival to last byte, or as the SLO says

  uint64_t starts = 0;              // of instances, min-instances at the beginning not counted
  uint64_t cold_starts_seen = 0;    // requests that waited for a start, in the gateway or beyond
  uint64_t cold_starts_late = 0;    // those of them that broke the SLO
  uint64_t cold_starts_hidden = 0;  // starts that no request waited for
  Wakes wakes;
  uint64_t bypasses = 0, bypasses_won = 0;
  uint64_t retries = 0;

  double always_on_utilisation = 0;  // vCPUs at work (exclusive slots: slots) of those there are
  double serverless_share = 0;       // of answered requests
  uint64_t steps = 0;                // of the Dispatcher
  Timeline timeline;
  bool stopped = false;  // by the stop flag: the figures cover a part only

  // Of another run in the same world: both together, one after the other. The timeline stays.
  void add(const Figures& other);
};

}  // namespace warmgate::sim
