// CSV traces as arrivals, one after another, so that a year of traffic needs no memory.
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
#include "workload/csv_reader.h"
#include "workload/spacing.h"

namespace warmgate::workload {

inline constexpr double kLongestTraceSeconds = 366.0 * 86'400;

// Which part of a trace to take, and how.
struct TraceCut {
  std::optional<double> from{};  // seconds on the trace's own clock; its first row when not given
  std::optional<double> to{};    // up to, not including; its end when not given
  double speed = 1;              // 2 takes it in half the time
};

// What a look through the whole file tells before the first request is taken.
struct TraceSummary {
  uint64_t rows = 0;
  uint64_t requests = 0;  // within the cut; a bin counts whole when any of it is inside
  double first = 0, last = 0;
  double bin_width = 0;  // of a binned trace: the least distance of two rows; else 0
  bool has_service = false;
  BadRows bad_rows;
};

// Errors say what to do: no usable row, rows out of order, nothing within the cut, longer than a
// year.
Result<TraceSummary> inspect_trace(std::istream& in, const TraceCut& cut,
                                   const CsvOptions& options = {});

// CsvTrace reads the trace again, request by request.
//
// Model.   A row of its own comes at its time. The requests of a bin are spread over the bin
//          (BinSpread). A bin that is missing in the file is empty.
// Bounds.  O(1) memory.
class CsvTrace {
 public:
  // `in` stands at its beginning and has passed inspect_trace with the same cut and options.
  CsvTrace(std::unique_ptr<std::istream> in, const TraceSummary& summary, const TraceCut& cut,
           Spacing spacing, uint64_t seed, const CsvOptions& options = {});

  // Time of the next request since the start of the cut, never before the one given last; nullopt
  // when there are no more.
  std::optional<Duration> next();

  const CsvRow& row() const { return row_; }  // of the request given last

 private:
  std::optional<double> next_in_trace();

  std::unique_ptr<std::istream> in_;
  Result<CsvReader> reader_;
  const TraceCut cut_;
  const double start_;
  const double bin_width_;
  const Spacing spacing_;
  Prng prng_;
  CsvRow row_{};
  BinSpread bin_;  // of the present row
};

}  // namespace warmgate::workload
