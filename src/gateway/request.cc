#include "gateway/request.h"

#include <algorithm>

#include "base/text.h"
#include "http/connection_options.h"
#include "http/grpc.h"
#include "http/upgrade.h"

namespace warmgate::gateway {
namespace {

using http::FieldName;

constexpr std::string_view kHttp = "http", kHttps = "https";
constexpr size_t kTraceDigits = 32;
constexpr size_t kParentBytes = 55;  // a whole traceparent
constexpr size_t kOwnFields = 6;     // via, forwarded, three x-forwarded-*, traceparent
// The texts of ours around the addresses and names in those fields, traceparent included.
constexpr size_t kOwnBytes = 128;

bool all_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// W3C trace context: "00-<32 hex>-<16 hex>-<2 hex>". Cloud Trace's older form: "<32 hex>/...".
std::string_view trace_id(const http::RequestHead& head) {
  if (!head.fields.has_any({FieldName::traceparent, FieldName::x_cloud_trace_context})) return {};
  for (const http::Field& field : head.fields) {
    const bool parent = field.id == FieldName::traceparent && field.value.size() >= kParentBytes;
    const bool cloud =
        field.id == FieldName::x_cloud_trace_context && field.value.size() > kTraceDigits;
    if (!parent && !cloud) continue;
    const std::string_view id = field.value.substr(parent ? 3 : 0, kTraceDigits);
    if (all_hex(id)) return id;
  }
  return {};
}

// "00-<trace>-<span>-00" from the generator; nobody upstream has decided to sample.
std::string_view make_traceparent(http::FieldStore& store, Prng& prng) {
  const char* const begin = store.mark();
  Pen& pen = store.pen(kParentBytes);
  pen.put("00-");
  pen.put_hex(prng.next());
  pen.put_hex(prng.next());
  pen.put('-');
  pen.put_hex(prng.next());
  pen.put("-00");
  return store.since(begin);
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

// What passing on takes away, and what it adds.
class Forwarding {
 public:
  Forwarding(const http::RequestHead& head, std::string_view client_ip, bool secure)
      : head_(head),
        ip_(client_ip),
        secure_(secure),
        filter_(head.fields),
        trace_(trace_id(head)) {}

  void run(StoredRequest& stored, Prng& prng) {
    http::FieldStore& store = stored.fields;
    reserve(store);
    store.keep_source(head_.bytes);
    stored.method = store.rebased(head_.method_text);
    stored.target = store.rebased(head_.target);
    stored.takes_trailers = has(FieldName::te) && filter_.accepts_trailers();
    stored.client_ip = ip_ = store.keep(ip_);
    if (head_.wants_upgrade) stored.upgrade = store.rebased(http::read_upgrade(head_).protocol);
    for (const http::Field& field : head_.fields) {
      if (!forwards(field)) continue;
      store.add_rebased(field);
      if (field.id == FieldName::user_agent) stored.user_agent = store.span().back().value;
    }
    add_hops(store);
    if (trace_.empty()) {
      const std::string_view parent = make_traceparent(store, prng);
      store.add_kept("traceparent", parent);
      stored.trace = parent.substr(3, kTraceDigits);
    } else {
      stored.trace = store.rebased(trace_);
    }
  }

 private:
  bool has(FieldName name) const { return head_.fields.has(name); }

  void reserve(http::FieldStore& store) {
    // Values that are joined with ours are there twice: a joint is two bytes long, no longer than
    // what separates a name from its value.
    const bool joins =
        head_.fields.has_any({FieldName::via, FieldName::forwarded, FieldName::x_forwarded_for});
    store.reserve((joins ? 2 : 1) * head_.bytes.size() + 2 * head_.authority.size() +
                      3 * ip_.size() + kOwnBytes,
                  head_.fields.size() + kOwnFields);
  }

  bool forwards(const http::Field& field) const {
    if (replaced_by_ours(field.id)) return false;
    if (trace_.empty() && field.id == FieldName::traceparent) return false;
    return filter_.forwards(field);
  }

  // Ours stands behind the client's own values: the nearest hop is the last.
  void add_hops(http::FieldStore& store) {
    const bool host = !head_.authority.empty();
    store.add_kept(
        "via", joined(store, FieldName::via, via_text(head_.major_version, head_.minor_version)));
    store.add_kept("forwarded", forwarded(store));
    store.add_kept("x-forwarded-for", joined(store, FieldName::x_forwarded_for, ip_));
    if (!has(FieldName::x_forwarded_proto)) {
      store.add_kept("x-forwarded-proto", secure_ ? kHttps : kHttp);
    }
    if (!has(FieldName::x_forwarded_host) && host) {
      store.add_kept("x-forwarded-host", store.rebased(head_.authority));
    }
  }

  // RFC 7239.
  std::string_view forwarded(http::FieldStore& store) const {
    const char* const begin = store.mark();
    put_values(store, FieldName::forwarded);
    Pen& pen = store.pen(kOwnBytes / 2 + ip_.size() + head_.authority.size());
    const bool v6 = ip_.find(':') != std::string_view::npos;
    pen.put("for=");
    if (v6) pen.put("\"[");
    pen.put(ip_);
    if (v6) pen.put("]\"");
    if (!head_.authority.empty()) {
      pen.put(";host=\"");
      pen.put(head_.authority);
      pen.put('"');
    }
    pen.put(";proto=http");
    if (secure_) pen.put('s');
    return store.since(begin);
  }

  // `ours` must last as long as the store.
  std::string_view joined(http::FieldStore& store, FieldName name, std::string_view ours) const {
    if (!has(name)) return ours;
    const char* const begin = store.mark();
    put_values(store, name);
    store.pen(ours.size()).put(ours);
    return store.since(begin);
  }

  // The client's own values, each with a comma behind.
  void put_values(http::FieldStore& store, FieldName name) const {
    if (!has(name)) return;
    for (const http::Field& field : head_.fields) {
      if (field.id != name) continue;
      Pen& pen = store.pen(field.value.size() + 2);
      pen.put(field.value);
      pen.put(", ");
    }
  }

  const http::RequestHead& head_;
  std::string_view ip_;
  const bool secure_;
  const http::ForwardFilter filter_;
  const std::string_view trace_;  // empty: the client has none
};

}  // namespace

StoredRequest store_request(const http::RequestHead& head, std::string_view client_ip, bool secure,
                            Prng& prng) {
  StoredRequest stored;
  stored.length = body_length(head);
  stored.version = http::version_text(head.major_version, head.minor_version);
  stored.head_method = head.method == http::Method::head;
  stored.grpc = head.method == http::Method::post && http::is_grpc(head.fields);
  Forwarding(head, client_ip, secure).run(stored, prng);
  return stored;
}

bool read_grpc_timeout(const http::RequestHead& head, Duration& limit) {
  const http::Field* field = head.fields.find(http::kGrpcTimeoutField);
  if (field == nullptr) return true;
  const auto parsed = http::parse_grpc_timeout(field->value);
  if (!parsed) return false;
  limit = std::min(limit, *parsed);
  return true;
}

bool read_client_limit(const http::RequestHead& head, Duration& limit) {
  const http::Field* field = head.fields.find(FieldName::warmgate, kTimeoutField);
  if (field == nullptr) return true;
  const auto parsed = parse_duration(field->value);
  if (!parsed || *parsed <= Duration::zero()) return false;
  limit = *parsed;
  return true;
}

bool read_priority(const http::RequestHead& head, policy::Priority& priority) {
  const http::Field* field = head.fields.find(FieldName::warmgate, kPriorityField);
  if (field == nullptr) return true;
  for (const policy::Priority known : {policy::Priority::low, policy::Priority::high}) {
    if (field->value != policy::name(known)) continue;
    priority = known;
    return true;
  }
  return false;
}

void filter_response(const http::ResponseHead& head, size_t reserve, http::Fields& out) {
  const http::ForwardFilter filter(head.fields);
  out.clear();
  for (const http::Field& field : head.fields) {
    if (out.size() + reserve >= http::kMaxFields) break;
    // The instance's own word is evidence for clients too; the rest of the names are ours to say.
    const bool ours =
        field.id == FieldName::warmgate && !equals_ignoring_case(field.name, kInstanceField);
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
