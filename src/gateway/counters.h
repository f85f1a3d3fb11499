// What the gateway counts itself, beside the policy's own ServiceStatus. Plain values; admin/
// renders them.
#pragma once

#include <array>
#include <cstdint>

#include "policy/events.h"
#include "stats/latency_histogram.h"

namespace warmgate::gateway {

// Who answered: a pool, or the gateway itself.
enum class Answerer : uint8_t { always_on, serverless, gateway };
inline constexpr size_t kAnswererCount = 3;
constexpr std::string_view name(Answerer answerer) {
  constexpr std::string_view kNames[] = {"always-on", "serverless", "gateway"};
  return kNames[static_cast<size_t>(answerer)];
}

inline constexpr size_t kStatusClasses = 6;  // index = status / 100; 0 = no status was sent
inline constexpr size_t kOutcomeCount = static_cast<size_t>(policy::Outcome::cancelled) + 1;

struct ServiceCounters {
  // Requests that are over, by who answered and by status class.
  std::array<std::array<uint64_t, kStatusClasses>, kAnswererCount> responses{};
  std::array<stats::LatencyHistogram, kAnswererCount> duration;  // body here to last byte
  stats::LatencyHistogram queue_time;                            // body here to first attempt
  stats::LatencyHistogram body_time;  // head to body here, where it came later than its head
  // Attempt started to response head, by pool, for warm instances; and for ones that were starting.
  std::array<stats::LatencyHistogram, 2> first_byte_warm;
  stats::LatencyHistogram first_byte_cold;
  // Phases of cold starts beside the policy's own: a wake sent to its connection accepted, and the
  // instance's first good answer to the first waiting request sent.
  stats::LatencyHistogram wake_accepted;
  stats::LatencyHistogram release;
  std::array<std::array<uint64_t, kOutcomeCount>, 2> attempts{};  // by pool and outcome
  uint64_t over_slo = 0;
  uint64_t client_gone = 0;     // the client left before its answer was complete
  uint64_t broken_off = 0;      // answers that broke after their head was passed on
  uint64_t total_timeouts = 0;  // the limit on the whole request
  uint64_t body_too_large = 0;
  uint64_t replay_lost = 0;  // bodies larger than the replay buffer: no further attempt possible
  uint64_t request_bytes = 0, response_bytes = 0;  // bodies, and what passed through tunnels
  uint64_t streams_promised = 0;  // heads of event streams that were sent before there was one
  uint64_t errors_in_band = 0;    // errors told within such a stream
  // Tunnels (answers of 101): open now, ended for their silence, and how long they lasted. Their
  // durations above and `over_slo` count to the 101.
  uint64_t tunnels_open = 0, tunnels_idle = 0;
  stats::LatencyHistogram tunnel_duration;

  void merge(const ServiceCounters& other);
};

}  // namespace warmgate::gateway
