#include "http/grpc.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace warmgate::http {

bool has_grpc_type(const Fields& fields) {
  const Field* type = fields.find(FieldName::content_type);
  // The most common other type differs there.
  if (type == nullptr || type->value.size() < kGrpcType.size()) return false;
  if ((type->value[12] | 0x20) != 'g') return false;
  if (!equals_ignoring_case(type->value.substr(0, kGrpcType.size()), kGrpcType)) return false;
  const std::string_view rest = type->value.substr(kGrpcType.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';';
}

namespace {

Duration grpc_unit(char letter) {
  switch (letter) {
    case 'H':
      return 1h;
    case 'M':
      return 1min;
    case 'S':
      return 1s;
    case 'm':
      return 1ms;
    case 'u':
      return 1us;
    case 'n':
      return 1ns;
    default:
      return Duration{};
  }
}

}  // namespace

std::optional<Duration> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  int64_t number = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || number < 0 || text.front() == '-') {
    return std::nullopt;
  }
  const Duration unit = grpc_unit(text.back());
  if (unit == Duration{}) return std::nullopt;
  return std::min(number, kLongestGrpcTimeout / unit) * unit;
}

GrpcStatus parse_grpc_status(std::string_view text) {
  unsigned code = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, code);
  const bool known = error == std::errc() && stopped == end &&
                     code <= static_cast<unsigned>(GrpcStatus::unauthenticated);
  return known ? static_cast<GrpcStatus>(code) : GrpcStatus::unknown;
}

std::optional<GrpcStatus> find_grpc_status(std::span<const Field> fields) {
  for (const Field& field : fields) {
    if (equals_ignoring_case(field.name, kGrpcStatusField)) return parse_grpc_status(field.value);
  }
  return std::nullopt;
}

GrpcStatus grpc_status_of(uint16_t http_status) {
  switch (http_status) {
    case 400:
      return GrpcStatus::invalid_argument;
    case 401:
      return GrpcStatus::unauthenticated;
    case 403:
      return GrpcStatus::permission_denied;
    case 404:
    case 501:
      return GrpcStatus::unimplemented;
    case 413:
    case 429:
      return GrpcStatus::resource_exhausted;
    case 408:
    case 504:
      return GrpcStatus::deadline_exceeded;
    case 502:
    case 503:
      return GrpcStatus::unavailable;
    default:
      return GrpcStatus::unknown;
  }
}

uint16_t http_status_of(GrpcStatus status) {
  switch (status) {
    case GrpcStatus::ok:
      return 200;
    case GrpcStatus::unavailable:
      return 503;
    case GrpcStatus::resource_exhausted:
      return 429;
    case GrpcStatus::unknown:
    case GrpcStatus::internal:
    case GrpcStatus::data_loss:
      return 500;
    case GrpcStatus::unauthenticated:
      return 401;
    case GrpcStatus::permission_denied:
      return 403;
    case GrpcStatus::not_found:
    case GrpcStatus::unimplemented:
      return 404;
    case GrpcStatus::cancelled:
    case GrpcStatus::invalid_argument:
    case GrpcStatus::deadline_exceeded:
    case GrpcStatus::already_exists:
    case GrpcStatus::failed_precondition:
    case GrpcStatus::aborted:
    case GrpcStatus::out_of_range:
      return 400;
  }
  return 500;
}

std::string grpc_percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::optional<GrpcFrame> read_grpc_frame(std::string_view bytes) {
  if (bytes.size() < kGrpcFrameBytes) return std::nullopt;
  GrpcFrame frame;
  frame.compressed = bytes[0] != 0;
  for (size_t i = 1; i < kGrpcFrameBytes; ++i) {
    frame.length = frame.length << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return frame;
}

std::string grpc_message(std::string_view bytes) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(bytes.size() >> shift & 0xff));
  }
  return out.append(bytes);
}

}  // namespace warmgate::http
