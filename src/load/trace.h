// Traces as arrivals: recorded traffic, sent again.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"
#include "load/arrivals.h"
#include "load/trace_reader.h"

namespace warmgate::load {

// Which part of a trace to send, and how.
struct TraceCut {
  std::optional<double> from{};  // seconds on the trace's own clock; its first row when not given
  std::optional<double> to{};    // up to, not including; its end when not given
  double speed = 1;              // 2 sends it in half the time
};

// What a look through the whole file tells before the first request is sent.
struct TraceSummary {
  uint64_t rows = 0;
  uint64_t requests = 0;  // within the cut; a bin counts whole when any of it is inside
  double first = 0, last = 0;
  double bin_width = 0;  // of a binned trace: the least distance of two rows; else 0
  uint64_t bad_rows = 0;
  std::vector<std::string> problems;  // of the first few bad rows, with their lines
};

// Errors say what to do: no usable row, rows out of order, nothing within the cut, longer than a
// year.
Result<TraceSummary> inspect_trace(std::istream& in, const TraceCut& cut);

// TraceArrivals reads the trace again as it is sent.
//
// Model.   A row of its own is sent at its time. The requests of a bin are spread over the bin:
//          evenly, or at independent uniform times (poisson), drawn in order: the least of k
//          uniform times in the rest of the bin stands at 1 - u^(1/k) of it. A bin that is missing
//          in the file is empty.
// Bounds.  O(1) memory.
class TraceArrivals final : public Arrivals {
 public:
  // `in` stands at its beginning and has passed inspect_trace with the same cut.
  TraceArrivals(std::unique_ptr<std::istream> in, const TraceSummary& summary, const TraceCut& cut,
                Spacing spacing, uint64_t seed);
  std::optional<Duration> next() override;

 private:
  std::optional<double> next_in_trace();
  double next_in_bin();

  std::unique_ptr<std::istream> in_;
  Result<TraceReader> reader_;
  const TraceCut cut_;
  const double start_;
  const double bin_width_;
  const Spacing spacing_;
  Prng prng_;
  TraceRow bin_{.at = 0, .count = 0};  // the present one
  uint64_t left_ = 0;                  // of its requests
  double position_ = 0;                // share of the bin that has passed
};

}  // namespace warmgate::load
