// Traces as arrivals: recorded traffic, sent again.
#pragma once

#include <utility>

#include "load/arrivals.h"
#include "workload/csv_trace.h"

namespace warmgate::load {

using workload::TraceCut;

class TraceArrivals final : public Arrivals {
 public:
  explicit TraceArrivals(workload::CsvTrace trace) : trace_(std::move(trace)) {}
  std::optional<Duration> next() override { return trace_.next(); }

 private:
  workload::CsvTrace trace_;
};

}  // namespace warmgate::load
