// Lines and field lines of HTTP/1, shared by heads and trailer sections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/bytes.h"
#include "http/message.h"

namespace warmgate::http {

// Walks over lines that end in CRLF, in bytes that arrive piece by piece, and refuses every control
// character but HTAB. It keeps offsets only, so the bytes may move between two calls.
class LineScanner {
 public:
  enum class Status : uint8_t { need_more, line, error };

  // Looks for the end of the line at line_begin(). After `line` that is behind it.
  Status next(std::string_view bytes, std::string_view& line) {
    const char *base = bytes.data(), *end = base + bytes.size();
    const char* p = base + position_;
    for (;;) {
      p = find_control(p, end);
      position_ = static_cast<size_t>(p - base);
      if (p == end) return Status::need_more;
      if (*p == '\r') break;
      if (*p != '\t') return Status::error;
      ++p;
    }
    if (p + 1 == end) return Status::need_more;
    if (p[1] != '\n') return Status::error;
    line = between(base + line_begin_, p);
    position_ += 2;
    line_begin_ = position_;
    return Status::line;
  }

  size_t line_begin() const { return line_begin_; }
  size_t position() const { return position_; }  // everything before it has been looked at

  // After an error: what the byte there is called.
  static const char* describe(char byte);

 private:
  size_t position_ = 0;
  size_t line_begin_ = 0;
};

// Splits a line into name and value and classifies the name. Returns nullptr, or what is wrong.
// The line must come from a LineScanner: the value is not searched for control characters again.
const char* parse_field_line(std::string_view line, Field& field);

}  // namespace warmgate::http
