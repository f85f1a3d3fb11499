// What the model server counts, and its Prometheus text.
//
// Thread.   Not thread-safe: lives on the service's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace warmgate::model {

// How an inference request ended.
enum class Outcome {
  ok,
  invalid,    // 4xx: the caller's fault
  refused,    // 429 or 503: no room, not ready, or shutting down
  failed,     // 500: the engine's fault
  abandoned,  // the client left before its turn came
};
inline constexpr size_t kOutcomes = 5;
std::string_view to_string(Outcome outcome);

// Counts by upper bound.
class DurationHistogram {
 public:
  void record(Duration value);
  // Prometheus text: NAME_bucket, NAME_sum, NAME_count.
  void render(std::string_view name, std::string& text) const;

 private:
  // Seconds; from a small model on a good core to a large one that waits its turn for minutes.
  static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,  0.25,
                                         0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0, 300.0};
  std::array<uint64_t, kBounds.size() + 1> counts_{};  // the last: above all bounds
  double sum_ = 0;
};

struct Metrics {
  std::array<uint64_t, kOutcomes> requests{};
  DurationHistogram inference;  // computing alone
  DurationHistogram waited;     // in the queue

  void count(Outcome outcome) { ++requests[static_cast<size_t>(outcome)]; }
};

// Values of this moment, which the service knows.
struct Gauges {
  size_t queued = 0;
  size_t in_flight = 0;
  size_t workers = 0;
  size_t held_pings = 0;
  bool ready = false;
  Duration age{};
};

std::string render_metrics(const Metrics& metrics, const Gauges& gauges);

}  // namespace warmgate::model
