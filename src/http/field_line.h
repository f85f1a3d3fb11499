// One field line of a head or of a trailer section. Inline: this is where the parser's time goes.
#pragma once

#include <cstring>
#include <string_view>

#include "http/field_names.h"
#include "http/lines.h"
#include "http/message.h"
#include "http/wide.h"

namespace warmgate::http {

enum class LineStatus : uint8_t { line, end, need_more, error };

// The bytes of a section of lines, and how far they have been read.
struct LineCursor {
  LineCursor(const char* first, const char* last) : begin(first), next(first), end(last) {}

  const char* begin;  // of the readable bytes
  const char* next;   // the next line's first byte
  const char* end;
  const char* wrong = nullptr;  // after an error: what it is

  LineStatus refuse(const char* what) {
    wrong = what;
    return LineStatus::error;
  }

  // Goes from `p`, somewhere in the line, to the end of the line; `p` becomes the CR there.
  [[gnu::always_inline]] LineStatus finish_line(const char*& p) {
    p = find_first(ControlByte(), begin, p, end);
    if (end - p >= 2 && std::memcmp(p, "\r\n", 2) == 0) [[likely]] {  // no tab within
      next = p + 2;
      return LineStatus::line;
    }
    while (p != end && *p == '\t') p = find_first(ControlByte(), begin, p + 1, end);
    if (p == end) return LineStatus::need_more;
    if (*p != '\r') return refuse(describe_bad_byte(*p));
    if (p + 1 == end) return LineStatus::need_more;
    if (p[1] != '\n') return refuse(describe_bad_byte(*p));
    next = p + 2;
    return LineStatus::line;
  }
};

// The value in a line: between its colon and the CR at its end, without the white space around it.
inline std::string_view value_between(const char* colon, const char* cr) {
  const char *begin = colon + 1, *end = cr;
  begin += *begin == ' ';
  while (*begin == ' ' || *begin == '\t') ++begin;  // at the latest the CR stops it
  if (begin != end) {
    while (end[-1] == ' ' || end[-1] == '\t') --end;  // at the latest *begin stops it
  }
  return between(begin, end);
}

// What is wrong with the part of a line before `stop` as a field name; nullptr if nothing.
const char* describe_bad_name(const char* begin, const char* stop);

// Reads the line at cursor.next. After `line` and `end` (the empty line) the cursor is behind it;
// otherwise next has not moved.
[[gnu::always_inline]] inline LineStatus read_field_line(LineCursor& cursor, Field& field) {
  const char* const begin = cursor.next;
  const char* p = find_first(ControlByteOrColon(), cursor.begin, begin, cursor.end);
  if (p == cursor.end || *p != ':') [[unlikely]] {
    const LineStatus status = cursor.finish_line(p);
    if (status != LineStatus::line) return status;
    return p == begin ? LineStatus::end : cursor.refuse(describe_bad_name(begin, p));
  }
  const char* const colon = p;
  field.name = between(begin, colon);
  field.id = classify_inline(field.name);
  // A known name is a token by comparison; only the others are looked at byte by byte.
  if (field.id == FieldName::other || field.id == FieldName::warmgate) {
    if (colon == begin || find_first(UnusualNameByte(), cursor.begin, begin, colon) != colon)
        [[unlikely]] {
      if (const char* wrong = describe_bad_name(begin, colon)) return cursor.refuse(wrong);
    }
  }
  ++p;
  const LineStatus status = cursor.finish_line(p);
  if (status == LineStatus::line) [[likely]]
    field.value = value_between(colon, p);
  return status;
}

}  // namespace warmgate::http
