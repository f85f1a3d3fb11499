#include "gateway/request.h"

#include <string>

#include "base/text.h"
#include "http/connection_options.h"

namespace warmgate::gateway {
namespace {

using http::FieldName;

constexpr std::string_view kVia = "1.1 warmgate";
constexpr size_t kTraceDigits = 32;

void append_hex(std::string& out, uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15];
}

bool all_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// W3C trace context: "00-<32 hex>-<16 hex>-<2 hex>". Cloud Trace's older form: "<32 hex>/...".
std::string_view trace_id(const http::RequestHead& head) {
  if (const auto* parent = head.fields.find(FieldName::traceparent)) {
    if (parent->value.size() >= 55 && all_hex(parent->value.substr(3, kTraceDigits))) {
      return parent->value.substr(3, kTraceDigits);
    }
  }
  if (const auto* cloud = head.fields.find(FieldName::x_cloud_trace_context)) {
    if (cloud->value.size() > kTraceDigits && all_hex(cloud->value.substr(0, kTraceDigits))) {
      return cloud->value.substr(0, kTraceDigits);
    }
  }
  return {};
}

// "a, b" from the client's own fields, with ours behind: the nearest hop is the last.
std::string joined(const http::RequestHead& head, FieldName name, std::string_view last) {
  std::string out;
  for (const http::Field& field : head.fields) {
    if (field.id != name) continue;
    out += field.value;
    out += ", ";
  }
  out += last;
  return out;
}

std::string forwarded_element(const std::string& client_ip, std::string_view host) {
  const bool v6 = client_ip.find(':') != std::string::npos;
  std::string out = v6 ? "for=\"[" + client_ip + "]\"" : "for=" + client_ip;
  if (!host.empty()) out += ";host=\"" + std::string(host) + "\"";
  return out + ";proto=http";
}

bool replaced_by_ours(FieldName name) {
  return name == FieldName::via || name == FieldName::forwarded ||
         name == FieldName::x_forwarded_for || name == FieldName::expect ||
         name == FieldName::host || name == FieldName::warmgate;
}

http::BodyLength body_length(const http::RequestHead& head) {
  if (head.framing == http::Framing::length) return http::BodyLength::of(head.content_length);
  if (head.framing == http::Framing::chunked) return http::BodyLength::chunked();
  return http::BodyLength::none();
}

}  // namespace

StoredRequest store_request(const http::RequestHead& head, const net::Address& client,
                            Prng& prng) {
  const std::string client_ip = client.ip();
  const std::string via = joined(head, FieldName::via, kVia);
  const std::string forwarded_for = joined(head, FieldName::x_forwarded_for, client_ip);
  const std::string forwarded =
      joined(head, FieldName::forwarded, forwarded_element(client_ip, head.authority));
  std::string parent;
  const std::string_view known_trace = trace_id(head);
  if (known_trace.empty()) {
    parent = "00-";
    append_hex(parent, prng.next());
    append_hex(parent, prng.next());
    parent += '-';
    append_hex(parent, prng.next());
    parent += "-00";
  }
  const bool has_host = head.fields.find(FieldName::x_forwarded_host) != nullptr;
  const bool has_proto = head.fields.find(FieldName::x_forwarded_proto) != nullptr;

  const http::ForwardFilter filter(head.fields);
  const auto forwards = [&](const http::Field& field) {
    if (replaced_by_ours(field.id)) return false;
    if (known_trace.empty() && field.id == FieldName::traceparent) return false;
    return filter.forwards(field);
  };
  size_t bytes = head.method_text.size() + head.target.size() + via.size() +
                 forwarded_for.size() + forwarded.size() + parent.size() +
                 head.authority.size() + client_ip.size() + kTraceDigits;
  size_t count = 6;
  for (const http::Field& field : head.fields) {
    if (!forwards(field)) continue;
    bytes += field.name.size() + field.value.size();
    ++count;
  }

  StoredRequest stored;
  FieldStore& fields = stored.fields;
  fields.reserve(bytes, count);
  stored.method = fields.keep(head.method_text);
  stored.target = fields.keep(head.target);
  stored.client_ip = fields.keep(client_ip);
  stored.length = body_length(head);
  stored.head_method = head.method == http::Method::head;
  for (const http::Field& field : head.fields) {
    if (!forwards(field)) continue;
    fields.add(field);
    if (field.id == FieldName::user_agent) stored.user_agent = fields.span().back().value;
  }
  fields.add_kept("via", fields.keep(via));
  fields.add_kept("forwarded", fields.keep(forwarded));
  fields.add_kept("x-forwarded-for", fields.keep(forwarded_for));
  if (!has_proto) fields.add_kept("x-forwarded-proto", "http");
  if (!has_host && !head.authority.empty()) {
    fields.add_kept("x-forwarded-host", fields.keep(head.authority));
  }
  if (known_trace.empty()) {
    const std::string_view kept = fields.keep(parent);
    fields.add_kept("traceparent", kept);
    stored.trace = kept.substr(3, kTraceDigits);
  } else {
    stored.trace = fields.keep(known_trace);
  }
  return stored;
}

Result<Duration> client_limit(const http::RequestHead& head) {
  const http::Field* field = head.fields.find(kTimeoutField);
  if (field == nullptr) return Duration::max();
  const auto limit = parse_duration(field->value);
  if (!limit || *limit <= Duration::zero()) {
    return Error{"The field warmgate-timeout must be a duration with a unit, such as 800ms."};
  }
  return *limit;
}

void filter_response(const http::ResponseHead& head, size_t reserve, http::Fields& out) {
  const http::ForwardFilter filter(head.fields);
  out.clear();
  for (const http::Field& field : head.fields) {
    if (out.size() + reserve >= http::kMaxFields) break;
    // The instance's own word is evidence for clients too; the rest of the names are ours to say.
    const bool ours = field.id == FieldName::warmgate &&
                      !equals_ignoring_case(field.name, kInstanceField);
    if (!ours && filter.forwards(field)) out.push(field);
  }
}

http::BodyLength forwarded_length(const http::ResponseHead& head) {
  switch (head.framing) {
    case http::Framing::length:
      return http::BodyLength::of(head.content_length);
    case http::Framing::chunked:
    case http::Framing::until_close:
      return http::BodyLength::chunked();
    case http::Framing::none:
      break;
  }
  return head.declares_length ? http::BodyLength::of(head.content_length)
                              : http::BodyLength::none();
}

}  // namespace warmgate::gateway
