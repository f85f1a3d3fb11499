#include "gateway/local_reply.h"

#include <cmath>
#include <vector>

#include "gateway/request.h"
#include "http/date.h"
#include "http/problem.h"

namespace warmgate::gateway {

using policy::RejectReason;

std::string describe(RejectReason reason, const std::string& last_failure) {
  switch (reason) {
    case RejectReason::queue_full:
      return "The waiting queue of this service is full.";
    case RejectReason::cold_wait_expired:
      return "The serverless pool did not become ready within the time that a request may wait.";
    case RejectReason::busy_wait_expired:
      return "All capacity was busy for as long as this request could wait.";
    case RejectReason::doomed:
      return "No backend can answer within this request's deadline now.";
    case RejectReason::overloaded:
      return "All capacity is busy for longer than this request's deadline allows.";
    case RejectReason::all_down:
      return last_failure.empty() ? "No backend of this service can be reached."
                                  : "No backend of this service can be reached: " + last_failure;
    case RejectReason::draining:
      return "This gateway is shutting down.";
    case RejectReason::upstream_failed:
      return last_failure.empty() ? "The backend failed." : "The backend failed: " + last_failure;
    case RejectReason::upstream_timeout:
      return last_failure.empty() ? "The backend was too slow."
                                  : "The backend was too slow: " + last_failure;
    case RejectReason::over_share:
      return "All capacity is busy, and others who wait have had less of it than this client.";
    case RejectReason::standing_queue:
      return "All capacity is busy, and the queue is kept for requests of high priority.";
    case RejectReason::slow_body:
      return "The body of this request was not here within its own time limit, or before others "
             "needed the room.";
  }
  return {};
}

namespace {

std::string problem_document(const LocalReply& reply) {
  const auto waited_ms = static_cast<int64_t>(to_millis(reply.waited));
  return http::render_problem(
      {reply.status, "about:blank", {}, reply.detail},
      {{"reason", reply.reason}, {"waited_ms", waited_ms}, {"attempts", int64_t{reply.attempts}}});
}

// Whole seconds, rounded up: the field has no fractions, and too early helps nobody.
std::string retry_after_text(Duration retry_after) {
  return std::to_string(static_cast<int64_t>(std::ceil(to_seconds(retry_after))));
}

// Without messages a response is one block of fields, the status among them ("Trailers-Only").
void send_grpc_problem(transport::ServerTransaction& transaction, const LocalReply& reply) {
  const std::string status = std::to_string(static_cast<int>(http::grpc_status_of(reply.status)));
  const std::string message = http::grpc_percent_encode(reply.detail);
  const std::string pushback =
      std::to_string(static_cast<int64_t>(std::ceil(to_millis(reply.retry_after))));
  const std::string attempts = std::to_string(reply.attempts);
  std::vector<http::Field> fields{{"content-type", http::kGrpcType},
                                  {http::kGrpcStatusField, status},
                                  {http::kGrpcMessageField, message},
                                  {kReasonField, reply.reason},
                                  {kAttemptsField, attempts}};
  if (reply.retry_after > Duration::zero()) fields.push_back({http::kGrpcPushbackField, pushback});
  transaction.send_head(200, fields, http::BodyLength::none());
  transaction.send_end();
}

}  // namespace

uint64_t send_problem(transport::ServerTransaction& transaction, const LocalReply& reply,
                      double wall_seconds, bool head_method) {
  if (reply.grpc) {
    send_grpc_problem(transaction, reply);
    return 0;
  }
  const std::string body = problem_document(reply);
  const http::ImfDate date(
      std::chrono::sys_seconds(std::chrono::seconds(static_cast<int64_t>(wall_seconds))));
  const std::string attempts = std::to_string(reply.attempts);
  const std::string retry_after = retry_after_text(reply.retry_after);
  std::vector<http::Field> fields{{"content-type", http::kProblemType},
                                  {"date", date.view()},
                                  {kReasonField, reply.reason},
                                  {kAttemptsField, attempts}};
  if (reply.retry_after > Duration::zero()) fields.push_back({"retry-after", retry_after});
  transaction.send_head(reply.status, fields, http::BodyLength::of(body.size()));
  transaction.send_body(body);
  transaction.send_end();
  return head_method ? 0 : body.size();
}

void send_grpc_status(transport::ServerTransaction& transaction, http::GrpcStatus status,
                      std::string_view message) {
  const std::string code = std::to_string(static_cast<int>(status));
  const std::string encoded = http::grpc_percent_encode(message);
  const http::Field fields[] = {{"content-type", http::kGrpcType},
                                {http::kGrpcStatusField, code},
                                {http::kGrpcMessageField, encoded}};
  transaction.send_head(200, fields, http::BodyLength::none());
  transaction.send_end();
}

void send_grpc_message(transport::ServerTransaction& transaction, std::string_view message) {
  const http::Field type{"content-type", http::kGrpcType};
  const http::Field ok{http::kGrpcStatusField, "0"};
  transaction.send_head(200, {&type, 1}, http::BodyLength::chunked());
  transaction.send_body(http::grpc_message(message));
  transaction.send_end({&ok, 1});
}

void promise_stream(transport::ServerTransaction& transaction) {
  const http::Field fields[] = {{"content-type", "text/event-stream"},
                                {"cache-control", "no-store"},
                                {kReasonField, "waiting"}};
  transaction.send_head(200, fields, http::BodyLength::chunked());
}

void send_heartbeat(transport::ServerTransaction& transaction) {
  transaction.send_body(": warmgate waiting\n\n");
}

// "retry" is the stream's own Retry-After, in milliseconds.
uint64_t send_problem_event(transport::ServerTransaction& transaction, const LocalReply& reply) {
  std::string event = "event: error\n";
  if (reply.retry_after > Duration::zero()) {
    event += "retry: " + retry_after_text(reply.retry_after) + "000\n";
  }
  event += "data: " + problem_document(reply) + "\n";  // which ends its own line
  transaction.send_body(event);
  transaction.send_end();
  return event.size();
}

}  // namespace warmgate::gateway
