// ServiceStatus: what the policy believes and has done, as plain values for /status and /metrics.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "policy/events.h"

namespace warmgate::policy {

enum class PoolState : uint8_t { unknown, cold, starting, warm, down };
std::string_view name(PoolState state);

// What the state rests on, strongest first (behaviour.md, "Telling cold from warm").
enum class EvidenceKind : uint8_t {
  none,
  instance_header,
  wake_response,
  first_byte_time,
  health,
  unproven,  // a probe was answered, but not with 2xx: somebody is there, ready or not
};
std::string_view name(EvidenceKind kind);
constexpr EvidenceKind last_value(EvidenceKind) {
  return EvidenceKind::unproven;
}

struct BackendStatus {
  bool healthy = true;
  bool circuit_open = false;
  uint32_t in_flight = 0;
  uint32_t strikes = 0;
  bool probe_unproven = false;  // its last probe was answered, but not with 2xx: a wrong path?
  uint32_t limit = 0;           // always-on: requests at a time that it is given now
  uint64_t limit_lowered = 0;   // how often that was lowered
};

struct LearnedTimes {
  uint64_t samples = 0;
  double first_byte_p50_s = 0, first_byte_p99_s = 0;  // 0: nothing depends on it, not learned
  double service_p50_s = 0, service_p99_s = 0;
};

struct PoolStatus {
  PoolKind pool = PoolKind::always_on;
  PoolState state = PoolState::unknown;
  EvidenceKind evidence = EvidenceKind::none;
  Duration evidence_age{};
  uint32_t slots = 0;  // always-on: usable slots; serverless: warm slots (an estimate)
  uint32_t in_flight = 0;
  uint32_t instances = 0;    // serverless: instances believed ready
  uint32_t starting = 0;     // serverless: instances believed starting (wakes in flight)
  Duration idle_lifetime{};  // serverless: what half of the idle gaps survive
  Duration idle_surely{};    // ... and nine in ten of them
  LearnedTimes times;
  std::vector<BackendStatus> backends;
};

// One cold start, from the wake to the first waiting request sent.
struct ColdStartStatus {
  uint64_t wakes = 0, wakes_failed = 0;
  uint64_t hidden = 0;                      // cold starts that no user saw
  uint64_t seen = 0;                        // cold starts that at least one user waited for
  uint64_t requests_delayed = 0;            // requests whose answer waited for a cold start
  double ready_p50_s = 0, ready_p99_s = 0;  // wake sent -> first good output
  double last_ready_s = 0;
};

inline constexpr size_t kReasonCount = static_cast<size_t>(Reason::doomed) + 1;
inline constexpr size_t kRejectReasonCount = static_cast<size_t>(last_value(RejectReason{})) + 1;
inline constexpr size_t kProbeKindCount = static_cast<size_t>(ProbeKind::release) + 1;

// What the serverless pool cost, by our own estimate, in USD.
struct SpendingStatus {
  std::array<double, kBudgetWindowCount> within{};  // the last hour, day, month
  double total = 0;                                 // since the start
  bool over = false;                                // one of the owner's budgets is spent
};

struct ServiceStatus {
  PoolStatus always_on, serverless;
  uint32_t queued = 0;
  uint64_t queued_bytes = 0;
  Duration oldest_wait{};
  bool queue_stands = false;         // low priority is refused for it
  uint32_t gathering = 0;            // requests whose bodies are not here yet
  uint64_t gathering_bytes = 0;      // that these may take up
  double demand_per_s = 0;           // forecast used for waking
  uint32_t recurring_instances = 0;  // called for since they are needed each hour, day or week now
  uint32_t scheduled_instances = 0;  // that a schedule wants to be ready, or to start now
  ColdStartStatus cold_start;
  SpendingStatus spending;
  uint64_t bypasses = 0, bypasses_won = 0;
  double bypass_budget = 0;  // attempts left in the bucket
  uint64_t retries = 0;
  bool draining = false;
  std::array<uint64_t, kReasonCount> attempts_by_reason{};
  std::array<uint64_t, kRejectReasonCount> rejects_by_reason{};
  std::array<uint64_t, kProbeKindCount> probes_by_kind{};
};

}  // namespace warmgate::policy
