#pragma once

#include <cstdint>
#include <istream>
#include <string>

#include "workload/line_reader.h"

namespace warmgate::workload {

// LogLines reads a log entry by entry: a line each, or, when the text begins with '[', the objects
// of a JSON array, over as many lines as they take.
//
// Model.   In an array, braces are counted outside of strings; what stands between objects is
//          passed over. Empty lines are left out.
// Bounds.  One entry in memory, cut at LineReader::kMaxLine.
class LogLines {
 public:
  explicit LogLines(std::istream& in) : lines_(in) {}  // `in` must outlive this

  bool next();  // false at the end

  const std::string& text() const { return text_; }
  uint64_t number() const { return number_; }  // the line on which it begins
  bool cut() const { return cut_; }

 private:
  bool next_line();
  bool next_object();
  void take(char c);

  LineReader lines_;
  std::string text_;
  uint64_t number_ = 0;
  bool cut_ = false;
  enum class Shape : uint8_t { unknown, lines, array } shape_ = Shape::unknown;
  size_t position_ = 0;  // in the line, of an array
  // Within an object of an array.
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace warmgate::workload
