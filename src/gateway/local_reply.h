// The one place where errors become responses: RFC 9457 problem documents with a reason that
// programs can read, and Retry-After where a retry helps. Within an event stream that was promised
// already, the document is the data of an event named "error". A gRPC client gets a gRPC status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/grpc.h"
#include "policy/events.h"
#include "transport/transaction.h"

namespace warmgate::gateway {

struct LocalReply {
  uint16_t status = 503;
  std::string_view reason;  // stable name, also in `warmgate-reason`
  std::string_view detail;  // for people
  Duration retry_after{};   // zero: a retry does not help
  uint32_t attempts = 0;
  Duration waited{};
  bool grpc = false;  // the client speaks gRPC
};

// What happened, in words. `last_failure` is what the last attempt met, or empty.
std::string describe(policy::RejectReason reason, const std::string& last_failure);

// Sends the whole response and ends the transaction. Returns the body's size. To a gRPC client:
// HTTP status 200 and no message, with the status that stands for the reply's, its detail as
// message, and its retry_after as push-back, so that a client that retries by itself comes no
// earlier.
uint64_t send_problem(transport::ServerTransaction& transaction, const LocalReply& reply,
                      double wall_seconds, bool head_method);

// A gRPC status of the gateway's own; one message and the status ok.
void send_grpc_status(transport::ServerTransaction& transaction, http::GrpcStatus status,
                      std::string_view message);
void send_grpc_message(transport::ServerTransaction& transaction, std::string_view message);

// The head of an event stream for which there is no event yet, and the comment that follows it now
// and then. A stream that was promised so ends with send_problem_event() where it fails.
void promise_stream(transport::ServerTransaction& transaction);
void send_heartbeat(transport::ServerTransaction& transaction);
uint64_t send_problem_event(transport::ServerTransaction& transaction, const LocalReply& reply);

}  // namespace warmgate::gateway
