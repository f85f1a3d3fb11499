#include "http/field_line.h"

namespace warmgate::http {

const char* describe_bad_name(const char* begin, const char* stop) {
  if (*begin == ' ' || *begin == '\t') return "A field is folded over several lines.";
  if (*begin == ':') return "A field has no name.";
  if (*stop != ':') return "A field line has no colon.";
  if (!is_token(between(begin, stop))) {
    return "A field name contains a character that is not allowed there.";
  }
  return nullptr;
}

}  // namespace warmgate::http
