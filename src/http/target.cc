#include "http/target.h"

#include "http/wide.h"

namespace warmgate::http {
namespace {

bool is_valid_port(std::string_view port) {
  if (port.size() > 5) return false;
  unsigned value = 0;
  for (char c : port) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

// "http://authority/path?query", of which the path must be there: the target that a backend gets
// is a part of this text, and "/" cannot be put in before a lone query.
const char* parse_absolute_form(std::string_view text, RequestHead& head) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return "The request target is in no known form.";
  const std::string_view scheme = text.substr(0, colon);
  if (!equals_lower(scheme, "http") && !equals_lower(scheme, "https")) {
    return "The scheme of the request target is not http or https.";
  }
  if (text.substr(colon, 3) != "://") return "The request target is in no known form.";
  const std::string_view rest = text.substr(colon + 3);
  const size_t path = rest.find_first_of("/?");
  head.authority = rest.substr(0, path);
  if (!is_valid_authority(head.authority)) return "The authority of the request target is invalid.";
  if (path == std::string_view::npos) {
    head.target = head.method == Method::options ? "*" : "/";
    return nullptr;
  }
  if (rest[path] == '?') return "The absolute request target has a query but no path.";
  head.target = rest.substr(path);
  return nullptr;
}

}  // namespace

bool is_valid_authority(std::string_view authority) {
  if (authority.empty()) return false;
  const char *p = authority.data(), *end = p + authority.size();
  if (*p == '[') {
    const char* close = std::find(p, end, ']');
    if (close == end || close - p < 3 || !all_are(between(p + 1, close), kAddressByte)) {
      return false;
    }
    p = close + 1;
  } else {
    // Long names, as clouds give them, sixteen bytes at a time: most have nothing unusual.
    if (end - p >= 16) p = find_first(UnusualNameByte(), p, p, end);
    while (p != end && is_a(*p, kHostByte)) ++p;
    if (p == authority.data()) return false;
  }
  return p == end || (*p == ':' && is_valid_port(between(p + 1, end)));
}

const char* parse_target(std::string_view text, RequestHead& head) {
  head.authority = {};
  const char *begin = text.data(), *end = begin + text.size();
  if (text.empty() || find_first(NoTargetByte(), begin, begin, end) != end) {
    return "The request target contains a character that is not allowed there.";
  }
  if (text[0] == '/') [[likely]] {
    head.target = text;
    return nullptr;
  }
  if (text == "*") {
    head.target = text;
    return head.method == Method::options ? nullptr : "The target \"*\" belongs to OPTIONS only.";
  }
  return parse_absolute_form(text, head);
}

}  // namespace warmgate::http
