// LineScanner walks over lines that end in CRLF, in bytes that arrive piece by piece, and refuses
// every control character but HTAB. It keeps offsets only, so the bytes may move between two calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warmgate::http {

class LineScanner {
 public:
  enum class Status : uint8_t { need_more, line, error };

  // Looks for the end of the line at line_begin(). After `line` that is behind it.
  Status next(std::string_view bytes, std::string_view& line);

  size_t line_begin() const { return line_begin_; }
  size_t position() const { return position_; }  // everything before it has been looked at
  void set_line_begin(size_t offset) { position_ = line_begin_ = offset; }

 private:
  size_t position_ = 0;
  size_t line_begin_ = 0;
};

// Why LineScanner refused `byte`.
const char* describe_bad_byte(char byte);

}  // namespace warmgate::http
