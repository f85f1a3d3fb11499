// StoredRequest: what of a client's request is kept for its attempts, as the backends will see it.
#pragma once

#include <string_view>

#include "base/prng.h"
#include "base/time.h"
#include "http/field_store.h"
#include "http/message.h"
#include "http/writer.h"
#include "policy/events.h"

namespace warmgate::gateway {

// Names that the gateway answers with, and one that it understands from clients.
inline constexpr std::string_view kPoolField = "warmgate-pool";
inline constexpr std::string_view kReasonField = "warmgate-reason";
inline constexpr std::string_view kAttemptsField = "warmgate-attempts";
inline constexpr std::string_view kInstanceField = "warmgate-instance";  // backends send it
inline constexpr std::string_view kTimeoutField = "warmgate-timeout";    // "800ms": client's limit
inline constexpr std::string_view kPriorityField = "warmgate-priority";  // "high" or "low"
inline constexpr std::string_view kReleaseField = "warmgate-release";    // sent with "exit, please"
inline constexpr std::string_view kHoldField = "warmgate-hold";          // sent with pings

struct StoredRequest {
  http::FieldStore fields;  // what is forwarded: no hop-by-hop field, nor the gateway's own
  std::string_view method;
  std::string_view target;
  std::string_view client_ip;
  std::string_view user_agent;  // for the access log; also among the fields
  std::string_view trace;       // the 32 hex digits of the trace id
  std::string_view version;     // of HTTP, as the client speaks it: "1.1"
  std::string_view upgrade;     // the protocol to switch to; empty: none
  http::BodyLength length;
  bool head_method = false;
  bool takes_trailers = false;  // the client has said so (TE)
  bool grpc = false;            // by its content type
};

// What the Via field says of a message that came by this version (RFC 9110, 7.6.3).
inline std::string_view via_text(uint8_t major_version, uint8_t minor_version) {
  if (major_version == 2) return "2.0 warmgate";
  return minor_version == 0 ? "1.0 warmgate" : "1.1 warmgate";
}

// Copies what is forwarded, and adds Via, Forwarded, X-Forwarded-* and, where the client sent none,
// a trace context. `secure`: the client speaks TLS with us.
StoredRequest store_request(const http::RequestHead& head, std::string_view client_ip, bool secure,
                            Prng& prng);

// What a client says of its request; of a gRPC request also its grpc-timeout, the shorter one
// counts. Unchanged when it says nothing; false when what it says is not understood.
bool read_client_limit(const http::RequestHead& head, Duration& limit);
bool read_grpc_timeout(const http::RequestHead& head, Duration& limit);
bool read_priority(const http::RequestHead& head, policy::Priority& priority);

// Views of the fields that a client may see of a backend's response: at most kMaxFields less
// `reserve`, which is the room for our own.
void filter_response(const http::ResponseHead& head, size_t reserve, http::Fields& out);

// How a response of this framing goes on to the client.
http::BodyLength forwarded_length(const http::ResponseHead& head);

}  // namespace warmgate::gateway
