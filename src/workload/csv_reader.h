// CsvReader: rows of a recorded request trace, one at a time.
//
// Format.  CSV whose first line names the columns; `t_s` (seconds) is needed, `count` makes every
//          row a bin of that many requests. A file without that first line is read as times in its
//          first column. What else a row says about its requests is read when it is asked for:
//          `service_s` (seconds) or a sum of columns, `bytes`, `priority` (low, high), `heavy`
//          (0, 1). Other columns are ignored.
// Bad row. Skipped, counted, and the first few are kept with their line numbers.
// Bounds.  One line in memory.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workload/bad_rows.h"
#include "workload/column_sum.h"
#include "workload/line_reader.h"

namespace warmgate::workload {

struct CsvRow {
  double at = 0;  // seconds, on the trace's own clock
  uint64_t count = 1;
  uint64_t line = 0;
  std::optional<double> service_s{};  // >= 0
  uint32_t bytes = 0;
  bool low_priority = false;
  bool heavy = false;
};

struct CsvOptions {
  bool only_times = true;            // t_s and count, whatever the other columns hold
  std::optional<ColumnSum> service;  // instead of service_s; not with only_times
};

class CsvReader {
 public:
  // `in` must outlive the reader. The error says what the first line should be.
  static Result<CsvReader> open(std::istream& in, const CsvOptions& options = {});

  std::optional<CsvRow> next();

  bool binned() const { return columns_.count.has_value(); }
  bool has_service() const { return !columns_.service.empty(); }
  const BadRows& bad_rows() const { return bad_rows_; }

 private:
  struct Columns {
    size_t time = 0;
    std::optional<size_t> count, bytes, priority, heavy;
    std::vector<std::pair<size_t, double>> service;  // with their scales
    double service_constant = 0;
  };

  explicit CsvReader(std::istream& in) : lines_(in) {}
  Status read_header(const CsvOptions& options);
  Status find_service(const CsvOptions& options);
  std::optional<CsvRow> parse_row();
  std::string parse_count(CsvRow& row) const;
  std::string parse_service(CsvRow& row) const;
  std::string parse_marks(CsvRow& row) const;

  LineReader lines_;
  bool line_pending_ = false;  // the first line is a row: there was no header
  Columns columns_;
  BadRows bad_rows_;
};

}  // namespace warmgate::workload
