#include "http/message.h"

#include "base/text.h"
#include "http/field_names.h"

namespace warmgate::http {
FieldName classify(std::string_view name) {
  return name.empty() ? FieldName::other : classify_inline(name);
}

bool is_hop_by_hop(FieldName id) {
  switch (id) {
    case FieldName::connection:
    case FieldName::content_length:
    case FieldName::keep_alive:
    case FieldName::proxy_authenticate:
    case FieldName::proxy_authorization:
    case FieldName::proxy_connection:
    case FieldName::te:
    case FieldName::trailer:
    case FieldName::transfer_encoding:
    case FieldName::upgrade:
      return true;
    default:
      return false;
  }
}

bool is_allowed_in_trailers(FieldName id) {
  switch (id) {
    case FieldName::authorization:
    case FieldName::content_type:
    case FieldName::expect:
    case FieldName::forwarded:
    case FieldName::host:
    case FieldName::max_forwards:
    case FieldName::warmgate:
    case FieldName::x_forwarded_for:
    case FieldName::x_forwarded_host:
    case FieldName::x_forwarded_proto:
      return false;
    default:
      return !is_hop_by_hop(id);
  }
}

std::string_view version_text(uint8_t major, uint8_t minor) {
  if (major == 2) return "2.0";
  return minor == 0 ? "1.0" : "1.1";
}

const Field* Fields::find(FieldName id) const {
  if (!has(id)) return nullptr;
  for (const Field& field : *this) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* Fields::find(FieldName id, std::string_view name) const {
  if (!has(id)) return nullptr;
  for (const Field& field : *this) {
    if (field.id == id && equals_ignoring_case(field.name, name)) return &field;
  }
  return nullptr;
}

Method classify_method(std::string_view text) {
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::get;
      if (text == "PUT") return Method::put;
      break;
    case 4:
      if (text == "POST") return Method::post;
      if (text == "HEAD") return Method::head;
      break;
    case 5:
      if (text == "PATCH") return Method::patch;
      if (text == "TRACE") return Method::trace;
      break;
    case 6:
      if (text == "DELETE") return Method::del;
      break;
    case 7:
      if (text == "OPTIONS") return Method::options;
      if (text == "CONNECT") return Method::connect;
      break;
  }
  return Method::other;
}

}  // namespace warmgate::http
