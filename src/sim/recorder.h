#pragma once

#include <array>

#include "sim/figures.h"
#include "sim/world.h"

namespace warmgate::sim {

enum class Gauge : uint8_t { always_on, serverless, instances, queued };
inline constexpr size_t kGauges = static_cast<size_t>(Gauge::queued) + 1;

// What the world knows of a request when it ends.
struct RequestEnd {
  enum class How : uint8_t { answered, refused, failed };
  How how = How::answered;
  Duration latency{};            // to the end, or to the first byte where the SLO counts that
  Duration service{};            // as the workload says
  bool saw_start = false;        // the instance that answered was not ready when it arrived
  bool waited = false;           // in the gateway
  bool start_under_way = false;  // at any time while it was held
  bool by_serverless = false;
  bool low_priority = false;
};

// Recorder turns ends of requests and changes of gauges into Figures.
//
// Bounds.   O(1) each; the timeline has a fixed number of bins.
class Recorder {
 public:
  Recorder(const World& world, Instant began, Duration length, uint32_t bins);

  void request_began(Instant now);
  void request_ended(Instant now, const RequestEnd& end);
  void add(Instant now, Gauge gauge, int change) {
    if (!figures_.timeline.bins.empty()) change_level(now, gauge, change);
  }

  void forget_counts();  // the gauges stay where they are

  Figures& figures() { return figures_; }
  void finish(Instant now);  // means instead of sums

 private:
  struct Level {
    int64_t value = 0;
    Instant since{};
  };

  void change_level(Instant now, Gauge gauge, int change);
  ViolationCause cause_of(const RequestEnd& end) const;
  size_t bin_of(Instant at) const;
  void spread(Gauge gauge, Instant from, Instant to, double value);
  double& cell(Timeline::Bin& bin, Gauge gauge) const;

  const World& world_;
  Instant began_;
  Figures figures_;
  std::array<Level, kGauges> levels_;
  uint64_t by_serverless_ = 0;
};

}  // namespace warmgate::sim
