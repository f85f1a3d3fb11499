#include "workload/log_lines.h"

#include "base/text.h"

namespace warmgate::workload {

bool LogLines::next() {
  if (shape_ == Shape::array) return next_object();
  if (!next_line()) return false;
  if (shape_ == Shape::unknown) {
    shape_ = trim(lines_.line()).front() == '[' ? Shape::array : Shape::lines;
    if (shape_ == Shape::array) return next_object();
  }
  text_ = lines_.line();
  number_ = lines_.number();
  cut_ = lines_.cut();
  return true;
}

// To the next line with something in it.
bool LogLines::next_line() {
  position_ = 0;
  while (lines_.next()) {
    if (!trim(lines_.line()).empty()) return true;
  }
  return false;
}

bool LogLines::next_object() {
  text_.clear();
  cut_ = in_string_ = escaped_ = false;
  depth_ = 0;
  do {
    const std::string& line = lines_.line();
    while (position_ < line.size()) {
      take(line[position_++]);
      if (depth_ == 0 && !text_.empty()) return true;
    }
    if (lines_.cut()) {
      cut_ = true;
      number_ = lines_.number();
      next_line();
      return true;
    }
  } while (next_line());
  return !text_.empty();  // an object without an end: its reader says so
}

void LogLines::take(char c) {
  if (depth_ == 0 && c != '{') return;
  if (text_.empty()) number_ = lines_.number();
  if (escaped_) {
    escaped_ = false;
  } else if (in_string_) {
    escaped_ = c == '\\';
    in_string_ = c != '"';
  } else {
    in_string_ = c == '"';
    depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
  }
  cut_ = cut_ || text_.size() == LineReader::kMaxLine;
  if (text_.size() < LineReader::kMaxLine) text_.push_back(c);
}

}  // namespace warmgate::workload
