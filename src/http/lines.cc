#include "http/lines.h"

namespace warmgate::http {

const char* LineScanner::describe(char byte) {
  switch (byte) {
    case '\r':
      return "A carriage return stands without a line feed behind it.";
    case '\n':
      return "A line feed stands without a carriage return before it.";
    case '\0':
      return "The head contains a NUL byte.";
    default:
      return "The head contains a control character.";
  }
}

const char* parse_field_line(std::string_view line, Field& field) {
  const char *begin = line.data(), *end = begin + line.size();
  const char* colon = find_byte(begin, end, ':');
  field.name = between(begin, colon);
  field.id = classify(field.name);
  // A known name is a token by comparison; only the others are looked at byte by byte.
  if (field.id == FieldName::other || field.id == FieldName::warmgate) [[unlikely]] {
    if (!is_token(field.name)) {
      if (*begin == ' ' || *begin == '\t') return "A field is folded over several lines.";
      if (colon == begin) return "A field has no name.";
      return "A field name contains a character that is not allowed there.";
    }
  }
  if (colon == end) return "A field line has no colon.";
  field.value = trim_ows(colon + 1, end);
  return nullptr;
}

}  // namespace warmgate::http
