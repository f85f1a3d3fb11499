// gRPC as far as a gateway must know it: what marks a request, its time limit, statuses, and the
// frames that messages come in. Messages themselves are nobody's business here.
//
// Source.  gRPC over HTTP/2 (PROTOCOL-HTTP2), statuscodes, http-grpc-status-mapping; the retry
//          push-back of gRPC A6.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace warmgate::http {

enum class GrpcStatus : uint8_t {
  ok,
  cancelled,
  unknown,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  aborted,
  out_of_range,
  unimplemented,
  internal,
  unavailable,
  data_loss,
  unauthenticated,
};

inline constexpr std::string_view kGrpcType = "application/grpc";
inline constexpr std::string_view kGrpcStatusField = "grpc-status";
inline constexpr std::string_view kGrpcMessageField = "grpc-message";
inline constexpr std::string_view kGrpcPushbackField = "grpc-retry-pushback-ms";
inline constexpr std::string_view kGrpcTimeoutField = "grpc-timeout";

// The method that health checks call; its messages are protobuf's, of health.proto.
inline constexpr std::string_view kGrpcHealthCheck = "/grpc.health.v1.Health/Check";
inline constexpr std::string_view kGrpcServing{"\x08\x01", 2};  // a HealthCheckResponse

// The content type is application/grpc, with or without a message format ("+proto").
bool has_grpc_type(const Fields& fields);
// A request of gRPC has that type, and `te: trailers` as well (PROTOCOL-HTTP2): a quick look tells
// that most requests have none.
inline bool is_grpc(const Fields& fields) {
  return fields.has(FieldName::te) && has_grpc_type(fields);
}

// "100m" and the like: one to eight digits and a unit, H M S m u n. At most kLongestGrpcTimeout.
inline constexpr Duration kLongestGrpcTimeout = 365 * 24h;
std::optional<Duration> parse_grpc_timeout(std::string_view text);

// The value of a grpc-status field; unknown when there is none such or no such code.
GrpcStatus parse_grpc_status(std::string_view text);
// Among the fields of a head (a response without messages) or of trailers; nullopt: there is none.
std::optional<GrpcStatus> find_grpc_status(std::span<const Field> fields);

// The status of an answer that the gateway makes with this HTTP status.
GrpcStatus grpc_status_of(uint16_t http_status);
// The HTTP status that means about the same, for those who judge backends by it: 200 for ok, 503
// for unavailable, 500 where the server failed, 4xx where the caller did.
uint16_t http_status_of(GrpcStatus status);

// As a grpc-message: bytes outside of printable ASCII, and '%', as "%XX".
std::string grpc_percent_encode(std::string_view text);

// The frame of a message: a byte for its compression, and the length in four (big-endian).
inline constexpr size_t kGrpcFrameBytes = 5;
struct GrpcFrame {
  bool compressed = false;
  uint32_t length = 0;
};
// nullopt: fewer bytes than a frame's head.
std::optional<GrpcFrame> read_grpc_frame(std::string_view bytes);
std::string grpc_message(std::string_view bytes);  // with its frame

}  // namespace warmgate::http
