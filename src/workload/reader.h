// Recorded traffic, whole, whatever form it was recorded in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "workload/bad_rows.h"
#include "workload/csv_trace.h"
#include "workload/request.h"
#include "workload/time_draw.h"

namespace warmgate::workload {

enum class Format {
  csv,         // t_s[,service_s], or t_s,count (docs/plan.md)
  access_log,  // warmgate's own, JSON lines
  cloud,       // Cloud Logging: JSON lines, or the array that `gcloud logging read` prints
  nginx,       // combined, with $request_time where it has it
};
std::string_view name(Format format);
std::optional<Format> parse_format(std::string_view text);

struct ReadOptions {
  std::optional<Format> format{};      // found by content when not given
  TraceCut cut{};                      // of a log: seconds since its first request
  Spacing spacing = Spacing::poisson;  // within bins, and within seconds of a log that has no finer
  uint64_t seed = 1;
  // How long requests take: a draw for all, or a sum of columns, or as the trace says.
  std::optional<TimeDraw> service{};
  std::optional<ColumnSum> service_columns{};
  uint64_t max_requests = 50'000'000;  // 1.6 GB; more is an error
};

struct Recorded {
  Workload workload{};
  Format format = Format::csv;
  BadRows bad_rows{};
  uint64_t filled_in = 0;  // requests of a log without a time; theirs is drawn from the others
};

// Errors say what to do: not readable, empty, a CSV that is out of order, no service time, or two.
// A log is put in the order of arrivals, since it is written at the ends.
Result<Recorded> read_workload(const std::string& path, const ReadOptions& options);
Result<Recorded> read_workload_text(std::string text, const ReadOptions& options);

}  // namespace warmgate::workload
