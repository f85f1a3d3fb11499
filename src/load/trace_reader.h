// TraceReader: rows of a recorded request trace, one at a time.
//
// Format.  CSV whose first line names the columns; `t_s` (seconds) is needed, `count` makes every
//          row a bin of that many requests, other columns are ignored. A file without that first
//          line is read as times in its first column.
// Bad row. Skipped, counted, and the first kMaxProblems are kept with their line numbers.
// Bounds.  One line in memory; a line is cut at kMaxLine and then a bad row.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace warmgate::load {

struct TraceRow {
  double at = 0;  // seconds, on the trace's own clock
  uint64_t count = 1;
  uint64_t line = 0;
};

class TraceReader {
 public:
  static constexpr size_t kMaxProblems = 5;
  static constexpr size_t kMaxLine = 64 * 1024;

  // `in` must outlive the reader. The error says what the first line should be.
  static Result<TraceReader> open(std::istream& in);

  std::optional<TraceRow> next();

  bool binned() const { return count_column_.has_value(); }
  uint64_t bad_rows() const { return bad_rows_; }
  const std::vector<std::string>& problems() const { return problems_; }  // "line 7: ..."

 private:
  explicit TraceReader(std::istream& in) : in_(&in) {}
  bool read_line();
  bool read_header();
  std::optional<TraceRow> parse_row();
  void report(const std::string& problem);

  std::istream* in_;
  std::string line_;
  uint64_t line_number_ = 0;
  bool line_pending_ = false;  // the first line is a row: there was no header
  bool line_cut_ = false;
  size_t time_column_ = 0;
  std::optional<size_t> count_column_;
  uint64_t bad_rows_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace warmgate::load
