#include "serverless/stored_head.h"

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "http/bytes.h"
#include "http/connection_options.h"
#include "http/upgrade.h"

namespace warmgate::serverless {
namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";

}  // namespace

std::vector<http::Field> end_to_end_fields(const http::Fields& fields) {
  std::vector<std::string_view> named;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldName::connection) continue;
    http::for_each_element(field.value, [&](std::string_view name) { named.push_back(name); });
  }
  std::vector<http::Field> result;
  for (const http::Field& field : fields) {
    const bool is_named = std::any_of(named.begin(), named.end(), [&](std::string_view name) {
      return equals_ignoring_case(name, field.name);
    });
    if (!http::is_hop_by_hop(field.id) && !is_named) result.push_back(field);
  }
  return result;
}

StoredHead::StoredHead(const http::RequestHead& head, const net::Address& client)
    : method_(head.method), takes_trailers_(http::ForwardFilter(head.fields).accepts_trailers()) {
  std::string forwarded_for, forwarded_proto = "http";
  std::vector<http::Field> kept;
  for (const http::Field& field : end_to_end_fields(head.fields)) {
    switch (field.id) {
      case http::FieldName::host:
      case http::FieldName::expect:
        break;  // the transport writes one and answers the other
      case http::FieldName::x_forwarded_for:
        forwarded_for.append(field.value).append(", ");
        break;
      case http::FieldName::x_forwarded_proto:
        forwarded_proto = field.value;
        break;
      default:
        kept.push_back(field);
    }
  }
  forwarded_for += client.ip();
  kept.push_back({kForwardedFor, forwarded_for, http::FieldName::x_forwarded_for});
  kept.push_back({kForwardedProto, forwarded_proto, http::FieldName::x_forwarded_proto});

  const std::string_view upgrade = http::read_upgrade(head).protocol;
  size_t size =
      head.method_text.size() + head.target.size() + head.authority.size() + upgrade.size();
  for (const http::Field& field : kept) size += field.name.size() + field.value.size();
  bytes_.reserve(size);
  method_text_ = store(head.method_text);
  target_ = store(head.target);
  authority_ = store(head.authority);
  upgrade_ = store(upgrade);
  for (const http::Field& field : kept) {
    fields_.push_back({store(field.name), store(field.value), field.id});
  }
  if (head.framing == http::Framing::length) length_ = http::BodyLength::of(head.content_length);
  if (head.framing == http::Framing::chunked) length_ = http::BodyLength::chunked();
}

bool StoredHead::has_body() const {
  return length_.framing == http::Framing::chunked || length_.bytes > 0;
}

transport::OutgoingRequest StoredHead::outgoing() const {
  return {method_text_, target_, authority_, fields_, length_, upgrade_, takes_trailers_};
}

std::string_view StoredHead::store(std::string_view text) {
  WG_ASSERT(bytes_.size() + text.size() <= bytes_.capacity(), "views into bytes_ stay valid");
  const size_t begin = bytes_.size();
  bytes_.append(text);
  return std::string_view(bytes_).substr(begin);
}

}  // namespace warmgate::serverless
