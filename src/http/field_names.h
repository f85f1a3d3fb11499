// The table behind classify(). Internal to the codecs, which want it inline.
#pragma once

#include <array>
#include <string_view>

#include "http/bytes.h"
#include "http/message.h"

namespace warmgate::http {

struct KnownName {
  std::string_view text;
  FieldName id = FieldName::other;
};

inline constexpr KnownName kKnownNames[] = {
    {"accept", FieldName::accept},
    {"authorization", FieldName::authorization},
    {"connection", FieldName::connection},
    {"content-length", FieldName::content_length},
    {"content-type", FieldName::content_type},
    {"date", FieldName::date},
    {"expect", FieldName::expect},
    {"forwarded", FieldName::forwarded},
    {"host", FieldName::host},
    {"keep-alive", FieldName::keep_alive},
    {"max-forwards", FieldName::max_forwards},
    {"proxy-authenticate", FieldName::proxy_authenticate},
    {"proxy-authorization", FieldName::proxy_authorization},
    {"proxy-connection", FieldName::proxy_connection},
    {"retry-after", FieldName::retry_after},
    {"server", FieldName::server},
    {"server-timing", FieldName::server_timing},
    {"te", FieldName::te},
    {"traceparent", FieldName::traceparent},
    {"trailer", FieldName::trailer},
    {"transfer-encoding", FieldName::transfer_encoding},
    {"upgrade", FieldName::upgrade},
    {"user-agent", FieldName::user_agent},
    {"via", FieldName::via},
    {"x-cloud-trace-context", FieldName::x_cloud_trace_context},
    {"x-forwarded-for", FieldName::x_forwarded_for},
    {"x-forwarded-host", FieldName::x_forwarded_host},
    {"x-forwarded-proto", FieldName::x_forwarded_proto},
};
inline constexpr std::string_view kOwnPrefix = "warmgate-";

// Length and first letter tell the known names apart, so that one comparison decides.
inline constexpr size_t kSlots = 128;
constexpr size_t slot_of(size_t length, char first, size_t factor) {
  return (length * factor + (static_cast<uint8_t>(first) | 0x20u)) % kSlots;
}

constexpr bool has_no_collision(size_t factor) {
  std::array<bool, kSlots> used{};
  for (const KnownName& known : kKnownNames) {
    bool& slot = used[slot_of(known.text.size(), known.text[0], factor)];
    if (slot) return false;
    slot = true;
  }
  return true;
}

inline constexpr size_t kFactor = [] {
  size_t factor = 1;
  while (!has_no_collision(factor)) ++factor;
  return factor;
}();

inline constexpr std::array<KnownName, kSlots> kNameTable = [] {
  std::array<KnownName, kSlots> table{};
  for (const KnownName& known : kKnownNames) {
    table[slot_of(known.text.size(), known.text[0], kFactor)] = known;
  }
  return table;
}();

// name.data() must be readable, even if the name is empty.
[[gnu::always_inline]] inline FieldName classify_inline(std::string_view name) {
  const KnownName& known = kNameTable[slot_of(name.size(), name[0], kFactor)];
  if (equals_lower(name, known.text)) return known.id;
  if ((name[0] | 0x20) == 'w' && name.size() >= kOwnPrefix.size() &&
      equals_lower(name.substr(0, kOwnPrefix.size()), kOwnPrefix)) {
    return FieldName::warmgate;
  }
  return FieldName::other;
}

}  // namespace warmgate::http
