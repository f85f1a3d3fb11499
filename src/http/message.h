// HTTP messages as views: what a parsed head says, without a copy. Independent of the protocol
// version on the wire: HTTP/1 fills it from text (head_parser.h), HTTP/2 from its header blocks
// (header_block.h).
//
// Lifetime.  All views point into the buffer that was parsed and die with it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
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
inline constexpr size_t kFieldNames = static_cast<size_t>(FieldName::x_forwarded_proto) + 1;

// Case-insensitive. O(1) in the number of known names.
FieldName classify(std::string_view name);

// True for the fields that belong to one connection only (RFC 9110, 7.6.1) or that frame a message:
// connection, content-length, keep-alive, proxy-authenticate, proxy-authorization,
// proxy-connection, te, trailer, transfer-encoding, upgrade. The proxy-auth* fields are among them
// because no gateway is a proxy that the client chose: they are not meant for what stands behind.
bool is_hop_by_hop(FieldName id);

// Not a trailer's business: framing, routing, credentials, what the gateway itself says, and what
// a receiver must know before the body (RFC 9110, 6.5.1).
bool is_allowed_in_trailers(FieldName id);

struct Field {
  std::string_view name;   // as received; compare without case
  std::string_view value;  // without the white space around it
  FieldName id = FieldName::other;
};

inline constexpr size_t kMaxFields = 100;
inline constexpr size_t kMaxConnectionOptions = 32;  // that the Connection fields of a head list

// "1.0", "1.1" or "2.0".
std::string_view version_text(uint8_t major, uint8_t minor);

// A bounded list of fields, which knows which names are in it. push() returns false when it is
// full.
//
// Memory.  4 KB in place, of which only the used part is ever written or copied.
class Fields {
 public:
  Fields() {}
  Fields(const Fields& other) { *this = other; }
  Fields& operator=(const Fields& other) {
    if (this == &other) return *this;
    size_ = other.size_;
    names_ = other.names_;
    std::uninitialized_copy_n(other.items_, size_, items_);
    return *this;
  }

  bool push(const Field& field) {
    if (size_ == kMaxFields) return false;
    std::construct_at(items_ + size_++, field);
    names_ |= bit_of(field.id);
    return true;
  }
  void clear() {
    size_ = 0;
    names_ = 0;
  }
  size_t size() const { return size_; }
  std::span<const Field> span() const { return {items_, size_}; }
  const Field* begin() const { return items_; }
  const Field* end() const { return items_ + size_; }

  bool has(FieldName id) const { return (names_ & bit_of(id)) != 0; }
  bool has_any(std::initializer_list<FieldName> ids) const {
    return std::any_of(ids.begin(), ids.end(), [this](FieldName id) { return has(id); });
  }

  // The first field of that name, or nullptr. `id` alone is enough but for `other` and `warmgate`,
  // which stand for many names.
  const Field* find(FieldName id) const;
  const Field* find(FieldName id, std::string_view name) const;
  const Field* find(std::string_view name) const { return find(classify(name), name); }

 private:
  static_assert(kFieldNames <= 32, "a bit each");
  static constexpr uint32_t bit_of(FieldName id) { return uint32_t{1} << static_cast<uint8_t>(id); }

  size_t size_ = 0;
  uint32_t names_ = 0;
  union {  // no constructor runs for the unused ones
    Field items_[kMaxFields];
  };
};

enum class Method : uint8_t { get, head, post, put, del, options, patch, connect, trace, other };
Method classify_method(std::string_view text);

enum class Framing : uint8_t { none, length, chunked, until_close };

struct RequestHead {
  std::string_view bytes;  // the whole head; most of the views below lie in it
  Method method = Method::get;
  std::string_view method_text;
  std::string_view target;     // origin-form (or "*"): an absolute-form target is split up
  std::string_view authority;  // of Host, or of an absolute-form target; may be empty for HTTP/1.0
  uint8_t major_version = 1;
  uint8_t minor_version = 1;
  Framing framing =
      Framing::none;            // HTTP/2 without a length: chunked, that is, to the stream's end
  uint64_t content_length = 0;  // with Framing::length
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_upgrade = false;
  Fields fields;
};

struct ResponseHead {
  uint16_t status = 200;
  std::string_view reason;
  uint8_t major_version = 1;
  uint8_t minor_version = 1;
  Framing framing = Framing::none;
  uint64_t content_length = 0;
  bool declares_length = false;  // `content_length` was given: also without a body (HEAD, 304)
  bool keep_alive = true;
  Fields fields;

  bool interim() const { return status < 200; }
};

}  // namespace warmgate::http
