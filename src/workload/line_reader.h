#pragma once

#include <cstdint>
#include <istream>
#include <string>

namespace warmgate::workload {

// LineReader reads a text line by line, whatever it is.
//
// Model.   Ends are LF or CRLF; a byte order mark before the first line is left out.
// Bounds.  One line in memory, cut at kMaxLine; nothing more is allocated for a file without ends
//          of lines.
class LineReader {
 public:
  static constexpr size_t kMaxLine = 64 * 1024;

  explicit LineReader(std::istream& in) : in_(&in) {}  // `in` must outlive the reader

  bool next();  // false at the end

  const std::string& line() const { return line_; }
  uint64_t number() const { return number_; }  // the first line is 1
  bool cut() const { return cut_; }            // the line was longer than kMaxLine

 private:
  std::istream* in_;
  std::string line_;
  uint64_t number_ = 0;
  bool cut_ = false;
};

}  // namespace warmgate::workload
