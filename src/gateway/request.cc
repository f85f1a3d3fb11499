#include "gateway/request.h"

#include "base/text.h"
#include "http/connection_options.h"

namespace warmgate::gateway {
namespace {

using http::FieldName;

constexpr std::string_view kVia = "1.1 warmgate";
constexpr size_t kTraceDigits = 32;
constexpr size_t kParentBytes = 55;  // a whole traceparent
constexpr size_t kOwnFields = 6;     // via, forwarded, three x-forwarded-*, traceparent
// Texts of ours around the addresses and names in those fields.
constexpr size_t kOwnBytes = 160;

bool all_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// W3C trace context: "00-<32 hex>-<16 hex>-<2 hex>". Cloud Trace's older form: "<32 hex>/...".
std::string_view trace_id(const http::RequestHead& head) {
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
std::string_view make_traceparent(FieldStore& store, Prng& prng) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char text[kParentBytes + 1] = "00-................................-................-00";
  for (size_t begin : {3u, 19u, 36u}) {
    uint64_t value = prng.next();
    for (size_t i = 0; i < 16; ++i, value >>= 4) text[begin + i] = kDigits[value & 15];
  }
  return store.keep({text, kParentBytes});
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

// What passing on takes away and what it needs to know, in one look at the fields.
class Forwarding {
 public:
  explicit Forwarding(const http::RequestHead& head)
      : head_(head), filter_(head.fields), trace_(trace_id(head)) {}

  void run(StoredRequest& stored, std::string_view client_ip, Prng& prng) {
    FieldStore& store = stored.fields;
    reserve(store, client_ip);
    store.keep_source(head_.bytes);
    stored.method = store.rebased(head_.method_text);
    stored.target = store.rebased(head_.target);
    stored.client_ip = store.keep(client_ip);
    for (const http::Field& field : head_.fields) {
      note(field.id);
      if (!forwards(field)) continue;
      store.add_rebased(field);
      if (field.id == FieldName::user_agent) stored.user_agent = store.span().back().value;
    }
    add_hops(store, stored.client_ip);
    if (trace_.empty()) {
      const std::string_view parent = make_traceparent(store, prng);
      store.add_kept("traceparent", parent);
      stored.trace = parent.substr(3, kTraceDigits);
    } else {
      stored.trace = store.rebased(trace_);
    }
  }

 private:
  void reserve(FieldStore& store, std::string_view client_ip) {
    // The head itself, and once more for values that are joined with ours: a joint is two bytes
    // long, no longer than what separates a name from its value.
    store.reserve(2 * head_.bytes.size() + 2 * head_.authority.size() + 3 * client_ip.size() +
                      kOwnBytes + kParentBytes,
                  head_.fields.size() + kOwnFields);
  }

  void note(FieldName id) {
    has_via_ |= id == FieldName::via;
    has_forwarded_for_ |= id == FieldName::x_forwarded_for;
    has_forwarded_host_ |= id == FieldName::x_forwarded_host;
    has_forwarded_proto_ |= id == FieldName::x_forwarded_proto;
  }

  bool forwards(const http::Field& field) const {
    if (replaced_by_ours(field.id)) return false;
    if (trace_.empty() && field.id == FieldName::traceparent) return false;
    return filter_.forwards(field);
  }

  void add_hops(FieldStore& store, std::string_view ip) {
    store.add_kept("via", has_via_ ? joined(store, FieldName::via, {kVia}) : kVia);
    const bool v6 = ip.find(':') != std::string_view::npos;
    const bool host = !head_.authority.empty();
    store.add_kept("forwarded",
                   joined(store, FieldName::forwarded,
                          {v6 ? "for=\"[" : "for=", ip, v6 ? "]\"" : "", host ? ";host=\"" : "",
                           head_.authority, host ? "\"" : "", ";proto=http"}));
    store.add_kept("x-forwarded-for",
                   has_forwarded_for_ ? joined(store, FieldName::x_forwarded_for, {ip}) : ip);
    if (!has_forwarded_proto_) store.add_kept("x-forwarded-proto", "http");
    if (!has_forwarded_host_ && host) {
      store.add_kept("x-forwarded-host", store.rebased(head_.authority));
    }
  }

  // The client's own values with ours behind: the nearest hop is the last.
  std::string_view joined(FieldStore& store, FieldName name,
                          std::initializer_list<std::string_view> last) const {
    const char* const begin = store.mark();
    for (const http::Field& field : head_.fields) {
      if (field.id != name) continue;
      store.append(field.value);
      store.append(", ");
    }
    for (const std::string_view part : last) store.append(part);
    return store.since(begin);
  }

  const http::RequestHead& head_;
  const http::ForwardFilter filter_;
  const std::string_view trace_;  // empty: the client has none
  bool has_via_ = false;
  bool has_forwarded_for_ = false;
  bool has_forwarded_host_ = false;
  bool has_forwarded_proto_ = false;
};

}  // namespace

StoredRequest store_request(const http::RequestHead& head, std::string_view client_ip, Prng& prng) {
  StoredRequest stored;
  stored.length = body_length(head);
  stored.head_method = head.method == http::Method::head;
  Forwarding(head).run(stored, client_ip, prng);
  return stored;
}

bool read_client_limit(const http::RequestHead& head, Duration& limit) {
  const http::Field* field = head.fields.find(kTimeoutField);
  if (field == nullptr) return true;
  const auto parsed = parse_duration(field->value);
  if (!parsed || *parsed <= Duration::zero()) return false;
  limit = *parsed;
  return true;
}

bool read_priority(const http::RequestHead& head, policy::Priority& priority) {
  const http::Field* field = head.fields.find(kPriorityField);
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
