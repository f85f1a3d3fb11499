#include "http/lines.h"

#include "http/wide.h"

namespace warmgate::http {

LineScanner::Status LineScanner::next(std::string_view bytes, std::string_view& line) {
  const char *begin = bytes.data(), *end = begin + bytes.size();
  const char* p = begin + position_;
  for (;;) {
    p = find_first(ControlByte(), begin, p, end);
    position_ = static_cast<size_t>(p - begin);
    if (p == end) return Status::need_more;
    if (*p == '\r') break;
    if (*p != '\t') return Status::error;
    ++p;
  }
  if (p + 1 == end) return Status::need_more;
  if (p[1] != '\n') return Status::error;
  line = between(begin + line_begin_, p);
  set_line_begin(position_ + 2);
  return Status::line;
}

const char* describe_bad_byte(char byte) {
  switch (byte) {
    case '\r':
      return "A carriage return stands without a line feed behind it.";
    case '\n':
      return "A line feed stands without a carriage return before it.";
    case '\0':
      return "There is a NUL byte.";
    default:
      return "There is a control character.";
  }
}

}  // namespace warmgate::http
