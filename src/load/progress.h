// Progress: a line per second, for whoever watches a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "load/outcome.h"
#include "load/tally.h"
#include "stats/latency_histogram.h"

namespace warmgate::load {

class Progress {
 public:
  void add(const Outcome& outcome);

  // What happened since the last call, and begins anew.
  //   "  12 s  sent 480, in flight 10 | 40 answered, p50 34 ms, p99 80 ms | always-on 30,
  //    serverless 10 | errors 2"
  std::string line(Duration elapsed, uint64_t sent, uint64_t in_flight);

 private:
  uint64_t answered_ = 0, errors_ = 0, wrong_ = 0;
  stats::LatencyHistogram latency_;
  std::map<std::string, uint64_t, std::less<>> pools_;  // at most Tally::kMaxLabels
};

}  // namespace warmgate::load
