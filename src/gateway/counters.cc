#include "gateway/counters.h"

namespace warmgate::gateway {
namespace {

template <size_t kRows, size_t kColumns>
void add(std::array<std::array<uint64_t, kColumns>, kRows>& to,
         const std::array<std::array<uint64_t, kColumns>, kRows>& from) {
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t j = 0; j < kColumns; ++j) to[i][j] += from[i][j];
  }
}

template <size_t kCount>
void add(std::array<stats::LatencyHistogram, kCount>& to,
         const std::array<stats::LatencyHistogram, kCount>& from) {
  for (size_t i = 0; i < kCount; ++i) to[i].merge(from[i]);
}

}  // namespace

void ServiceCounters::merge(const ServiceCounters& other) {
  add(responses, other.responses);
  add(duration, other.duration);
  queue_time.merge(other.queue_time);
  body_time.merge(other.body_time);
  add(first_byte_warm, other.first_byte_warm);
  first_byte_cold.merge(other.first_byte_cold);
  wake_accepted.merge(other.wake_accepted);
  release.merge(other.release);
  add(attempts, other.attempts);
  for (uint64_t ServiceCounters::*count :
       {&ServiceCounters::over_slo, &ServiceCounters::client_gone, &ServiceCounters::broken_off,
        &ServiceCounters::total_timeouts, &ServiceCounters::body_too_large,
        &ServiceCounters::replay_lost, &ServiceCounters::request_bytes,
        &ServiceCounters::response_bytes, &ServiceCounters::streams_promised,
        &ServiceCounters::errors_in_band, &ServiceCounters::tunnels_open,
        &ServiceCounters::tunnels_idle}) {
    this->*count += other.*count;
  }
  tunnel_duration.merge(other.tunnel_duration);
}

}  // namespace warmgate::gateway
