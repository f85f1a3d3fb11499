// View: what happens, while it happens. On a terminal a picture that is drawn again and again;
// elsewhere a line per second, good for a log.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "demo/status.h"
#include "stats/latency_histogram.h"

namespace warmgate::demo {

// One second of an arm.
struct Frame {
  std::string way;   // "through warmgate"
  std::string part;  // "burst"
  Duration elapsed{}, length{};
  uint64_t arrived = 0;             // in the last second
  stats::LatencyHistogram latency;  // of the answers of the last second
  uint64_t in_flight = 0;
  uint64_t over_slo = 0, cold_starts = 0, errors = 0;  // so far
  Duration slo{};
  std::optional<ServerlessStatus> serverless;
  std::optional<GatewayStatus> gateway;
};

std::string frame_line(const Frame& frame);
std::vector<std::string> frame_picture(const Frame& frame, const std::vector<Frame>& history);

class View {
 public:
  View(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  void begin_arm();
  void show(const Frame& frame);

 private:
  std::ostream& out_;
  const bool terminal_;
  std::vector<Frame> history_;  // of this arm, a frame per second
  size_t drawn_ = 0;            // lines of the picture on the terminal
};

}  // namespace warmgate::demo
