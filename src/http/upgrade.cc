#include "http/upgrade.h"

#include "base/text.h"
#include "http/bytes.h"

namespace warmgate::http {
namespace {

// protocol = protocol-name ["/" protocol-version], both tokens.
bool is_protocol(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_token(text);
  return is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

bool can_be_tunnelled(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  for (const std::string_view other : {"h2c", "h2", "http", "tls"}) {
    if (equals_lower(name, other)) return false;
  }
  return true;
}

}  // namespace

UpgradeWish read_upgrade(const RequestHead& head) {
  UpgradeWish wish;
  const bool has_body = head.framing == Framing::chunked || head.content_length > 0;
  if (!head.wants_upgrade || head.method != Method::get || has_body) return wish;
  for (const Field& field : head.fields) {
    if (field.id != FieldName::upgrade) continue;
    for_each_element(field.value, [&wish](std::string_view protocol) {
      if (!is_protocol(protocol)) wish.malformed = true;
      if (wish.protocol.empty() && can_be_tunnelled(protocol)) wish.protocol = protocol;
    });
  }
  return wish;
}

bool grants_upgrade(const ResponseHead& head, std::string_view protocol) {
  bool granted = false, other = false;
  for (const Field& field : head.fields) {
    if (field.id != FieldName::upgrade) continue;
    for_each_element(field.value, [&](std::string_view element) {
      const bool same = equals_ignoring_case(element, protocol);
      (same ? granted : other) = true;
    });
  }
  return granted && !other;
}

}  // namespace warmgate::http
