// One field line of a head or of a trailer section. Inline: this is where the parser's time goes.
#pragma once

#include <string_view>

#include "http/field_names.h"
#include "http/lines.h"
#include "http/marks.h"
#include "http/message.h"

namespace warmgate::http {

enum class LineStatus : uint8_t { line, end, need_more, error };

// The bytes of a section of lines, and how far they have been read.
struct LineCursor {
  LineCursor(const char* first, const char* last)
      : marks(first, last), begin(first), next(first), end(last) {}

  MarkScanner marks;
  const char* begin;  // of the readable bytes
  const char* next;   // the next line's first byte
  const char* end;
  const char* wrong = nullptr;  // after an error: what it is

  LineStatus refuse(const char* what) {
    wrong = what;
    return LineStatus::error;
  }

  // The rest of the line: `mark` is a mark in it, and becomes the CR at its end.
  [[gnu::always_inline]] LineStatus finish_line(const char*& mark) {
    while (*mark != '\r') {
      if (*mark != ':' && *mark != '\t') [[unlikely]] {
        return MarkScanner::is_none(mark) ? LineStatus::need_more
                                          : refuse(describe_bad_byte(*mark));
      }
      mark = marks.next();
    }
    if (mark + 1 == end) return LineStatus::need_more;
    if (mark[1] != '\n') [[unlikely]]
      return refuse(describe_bad_byte('\r'));
    marks.skip();
    next = mark + 2;
    return LineStatus::line;
  }
};

// The value in a line: between its colon and the CR at its end, without the white space around it.
inline std::string_view value_between(const char* colon, const char* cr) {
  const char *begin = colon + 1, *end = cr;
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
  const char* begin = cursor.next;
  const char* mark = cursor.marks.next();
  if (*mark != ':') [[unlikely]] {
    const LineStatus status = cursor.finish_line(mark);
    if (status != LineStatus::line) return status;
    if (mark == begin) return LineStatus::end;
    return cursor.refuse(describe_bad_name(begin, mark));
  }
  const char* colon = mark;
  field.name = between(begin, colon);
  field.id = classify_inline(field.name);
  // A known name is a token by comparison; only the others are looked at byte by byte.
  if (field.id == FieldName::other || field.id == FieldName::warmgate) {
    if (colon == begin || find_first(UnusualNameByte(), cursor.begin, begin, colon) != colon)
        [[unlikely]] {
      if (const char* wrong = describe_bad_name(begin, colon)) return cursor.refuse(wrong);
    }
  }
  const LineStatus status = cursor.finish_line(mark);
  if (status == LineStatus::line) [[likely]]
    field.value = value_between(colon, mark);
  return status;
}

}  // namespace warmgate::http
