// HTTP messages as views: what a parsed head says, without a copy. Independent of the protocol
// version on the wire: HTTP/1 fills it from text, HTTP/2 will fill it from its header blocks.
//
// Lifetime.  All views point into the buffer that was parsed and die with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace warmgate::http {

// The field names that the code asks for; any other is `other`, kept by its text.
enum class FieldName : uint8_t {
  other,
  accept,
  authorization,
  connection,
  content_length,
  content_type,
  date,
  expect,
  forwarded,
  host,
  keep_alive,
  max_forwards,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  retry_after,
  server,
  server_timing,
  te,
  traceparent,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  via,
  warmgate,  // any field whose name begins with "warmgate-": the gateway's own
  x_cloud_trace_context,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
};

// Case-insensitive. O(1) in the number of known names.
FieldName classify(std::string_view name);

// True for the fields that belong to one connection only (RFC 9110, 7.6.1) or that frame a message:
// connection, keep-alive, proxy-connection, te, transfer-encoding, upgrade, trailer,
// content-length, proxy-authenticate and proxy-authorization excepted as the RFC says.
bool is_hop_by_hop(FieldName id);

struct Field {
  std::string_view name;   // as received; compare without case
  std::string_view value;  // without the white space around it
  FieldName id = FieldName::other;
};

inline constexpr size_t kMaxFields = 100;

// A bounded list of fields. push() returns false when it is full.
class Fields {
 public:
  bool push(Field field) {
    if (size_ == items_.size()) return false;
    items_[size_++] = field;
    return true;
  }
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  std::span<const Field> span() const { return {items_.data(), size_}; }
  const Field* begin() const { return items_.data(); }
  const Field* end() const { return items_.data() + size_; }

  // The first field of that name, or nullptr.
  const Field* find(FieldName id) const;
  const Field* find(std::string_view name) const;

 private:
  std::array<Field, kMaxFields> items_;
  size_t size_ = 0;
};

enum class Method : uint8_t { get, head, post, put, del, options, patch, connect, trace, other };
Method classify_method(std::string_view text);

enum class Framing : uint8_t { none, length, chunked, until_close };

struct RequestHead {
  Method method = Method::get;
  std::string_view method_text;
  std::string_view target;     // origin-form (or "*"): an absolute-form target is split up
  std::string_view authority;  // of Host, or of an absolute-form target; may be empty for HTTP/1.0
  uint8_t minor_version = 1;
  Framing framing = Framing::none;
  uint64_t content_length = 0;  // with Framing::length
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_upgrade = false;
  Fields fields;
};

struct ResponseHead {
  uint16_t status = 200;
  std::string_view reason;
  uint8_t minor_version = 1;
  Framing framing = Framing::none;
  uint64_t content_length = 0;
  bool keep_alive = true;
  Fields fields;

  bool interim() const { return status < 200; }
};

}  // namespace warmgate::http
