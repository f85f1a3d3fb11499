#include "workload/csv_trace.h"

#include <algorithm>
#include <utility>

namespace warmgate::workload {
namespace {

constexpr double kLoneBinSeconds = 1;  // of a bin that has no neighbour to tell its width

std::string seconds_text(double seconds) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.15g s", seconds);
  return text;
}

bool inside(const TraceCut& cut, double at) {
  return (!cut.from || at >= *cut.from) && (!cut.to || at < *cut.to);
}

bool overlaps(const TraceCut& cut, double begin, double end) {
  return (!cut.from || end > *cut.from) && (!cut.to || begin < *cut.to);
}

Error out_of_order(const CsvRow& row, double before) {
  return Error{"line " + std::to_string(row.line) + " of the trace is out of order (" +
               seconds_text(row.at) + " after " + seconds_text(before) +
               "): sort its rows by t_s first, for example with `sort -t, -k1,1g`"};
}

Error bin_twice(const CsvRow& row) {
  return Error{"line " + std::to_string(row.line) + " of the trace begins a second bin at " +
               seconds_text(row.at) + ": add the counts of the two up"};
}

Error nothing_to_send(const TraceSummary& summary) {
  if (summary.rows == 0 && summary.bad_rows.count() > 0) {
    return Error{"no row of the trace can be used; " + summary.bad_rows.first().front()};
  }
  if (summary.rows == 0) return Error{"the trace has no rows: give one t_s for each request"};
  return Error{"the trace has no request in this part; it goes from " +
               seconds_text(summary.first) + " to " + seconds_text(summary.last) +
               ": widen --from and --to"};
}

}  // namespace

Result<TraceSummary> inspect_trace(std::istream& in, const TraceCut& cut,
                                   const CsvOptions& options) {
  auto reader = CsvReader::open(in, options);
  if (!reader) return reader.error();
  TraceSummary summary;
  std::optional<CsvRow> previous;
  double width = 0;
  // A bin's width is the distance to the next row, so it is counted when that row has come.
  const auto count_in = [&](const CsvRow& row, double row_width) {
    const bool is_in =
        reader->binned() ? overlaps(cut, row.at, row.at + row_width) : inside(cut, row.at);
    if (is_in) summary.requests += row.count;
  };
  while (const auto row = reader->next()) {
    if (previous && row->at < previous->at) return out_of_order(*row, previous->at);
    if (previous && reader->binned() && row->at == previous->at) return bin_twice(*row);
    if (previous && row->at > previous->at) {
      width = width == 0 ? row->at - previous->at : std::min(width, row->at - previous->at);
    }
    if (previous) count_in(*previous, width);
    if (summary.rows++ == 0) summary.first = row->at;
    summary.last = row->at;
    previous = row;
  }
  if (reader->binned()) summary.bin_width = width > 0 ? width : kLoneBinSeconds;
  if (previous) count_in(*previous, summary.bin_width);
  summary.has_service = reader->has_service();
  summary.bad_rows = reader->bad_rows();
  if (summary.requests == 0) return nothing_to_send(summary);
  const double end = std::min(cut.to.value_or(summary.last), summary.last);
  if ((end - cut.from.value_or(summary.first)) / cut.speed > kLongestTraceSeconds) {
    return Error{"this part of the trace would take more than a year: use --from, --to or --speed"};
  }
  return summary;
}

CsvTrace::CsvTrace(std::unique_ptr<std::istream> in, const TraceSummary& summary,
                   const TraceCut& cut, Spacing spacing, uint64_t seed, const CsvOptions& options)
    : in_(std::move(in)),
      reader_(CsvReader::open(*in_, options)),
      cut_(cut),
      start_(cut.from.value_or(summary.first)),
      bin_width_(summary.bin_width),
      spacing_(spacing),
      prng_(seed) {}

std::optional<Duration> CsvTrace::next() {
  while (const auto at = next_in_trace()) {
    if (cut_.to && *at >= *cut_.to) return std::nullopt;
    if (*at >= start_) return from_seconds((*at - start_) / cut_.speed);
  }
  return std::nullopt;
}

std::optional<double> CsvTrace::next_in_trace() {
  if (!reader_) return std::nullopt;  // the file has changed since it was inspected
  while (bin_.left() == 0) {
    const auto row = reader_->next();
    if (!row) return std::nullopt;
    row_ = *row;
    bin_ = BinSpread(row->count);
  }
  return row_.at + bin_.next(spacing_, prng_) * bin_width_;
}

}  // namespace warmgate::workload
