#include "gateway/evidence.h"

#include "base/text.h"
#include "http/instance_header.h"

namespace warmgate::gateway {
namespace {

// FNV-1a. The policy needs to tell instances apart, not their names; zero means "none" there.
policy::InstanceKey key_of(std::string_view id) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : id) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return {hash == 0 ? 1 : hash};
}

}  // namespace

std::optional<policy::InstanceEvidence> instance_evidence(const http::ResponseHead& head) {
  const http::Field* field = head.fields.find(http::FieldName::warmgate, http::kInstanceHeader);
  if (field == nullptr) return std::nullopt;
  const auto report = http::parse_instance(field->value);
  if (!report || !report->age) return std::nullopt;
  return policy::InstanceEvidence{key_of(report->id), *report->age, report->served.value_or(0)};
}

bool is_event_stream(std::string_view type) {
  constexpr std::string_view kEventStream = "text/event-stream";
  if (!equals_ignoring_case(type.substr(0, kEventStream.size()), kEventStream)) return false;
  const std::string_view parameters = trim(type.substr(kEventStream.size()));
  return parameters.empty() || parameters.starts_with(';');
}

bool is_event_stream(const http::Fields& fields) {
  const http::Field* type = fields.find(http::FieldName::content_type);
  return type != nullptr && is_event_stream(type->value);
}

}  // namespace warmgate::gateway
