// Attempt: one try of one Exchange on one backend.
//
// Phases.   started -> (head) -> offered to the policy -> committed -> finished
//           At every point: failed, timed out, or cancelled by the policy.
// Streams.  The head of an event stream is withheld until its first real event: only then has the
//           model begun to answer. At most kMaxWithheld bytes are kept back.
// gRPC.     Once the whole request is here, the head is withheld until the first message or end: a
//           failure that only the trailers tell can then still be repeated. Before that a client
//           may be waiting for the head.
// Tunnels.  A committed response of 101 makes a tunnel: bytes pass as bodies do. Each direction
//           ends for itself, and the attempt with both, or when nothing passed for too long.
// Limits.   first byte and idle by a timer of its own; connect by the pool; total by the Exchange.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/field_store.h"
#include "http/grpc.h"
#include "http/sse.h"
#include "net/timer.h"
#include "policy/events.h"
#include "transport/transaction.h"

namespace warmgate::gateway {

class Backend;
class Exchange;
class Service;

class Attempt final : public transport::ClientHandler {
 public:
  Attempt(Service& service, Exchange& exchange, const policy::StartAttempt& start,
          Backend& backend);
  ~Attempt() override;

  policy::AttemptId id() const { return id_; }
  policy::PoolKind pool() const { return backend_ref_.pool; }
  policy::BackendRef backend() const { return backend_ref_; }
  policy::Reason reason() const { return reason_; }
  Exchange& exchange() const { return exchange_; }
  Instant started_at() const { return started_at_; }
  Instant first_byte_at() const { return first_byte_at_; }
  bool saw_cold_start() const { return saw_cold_start_; }
  std::string_view via() const { return via_; }          // what our Via field says of the response
  bool switches() const { return status_ == 101; }       // its response makes a tunnel
  bool backend_ended() const { return backend_ended_; }  // ... and nothing more comes from there

  void start();  // sends the head and what the Exchange has of the body
  bool send_body(std::string_view piece);
  void send_end(std::span<const http::Field> trailers);
  void end_tunnel_input();  // the client's direction has ended; may destroy this
  bool full() const { return full_; }

  void commit();      // the policy chose this one: its head and body go to the client
  void pause_body();  // the client is slow
  void resume_body();

  // transport::ClientHandler
  void on_connected(transport::ClientTransaction& transaction) override;
  void on_interim(const http::ResponseHead&) override {}
  void on_response(const http::ResponseHead& head) override;
  void on_body(std::string_view piece) override;
  void on_response_end(std::span<const http::Field> trailers) override;
  void on_writable() override;
  void on_failed(const transport::Failure& failure) override;

 private:
  static constexpr size_t kMaxWithheld = 64 * 1024;

  void note_connected();
  void send_request_head();
  void withhold(const http::ResponseHead& head);
  void on_grpc_head(const http::ResponseHead& head);
  uint16_t judged_status() const;
  void offer();
  Duration pause_limit() const;
  Duration tunnel_limit() const;
  void on_tunnel_end();
  void on_timeout();
  void finish(policy::Outcome outcome, std::string detail);

  Service& service_;
  Exchange& exchange_;
  Backend& backend_;
  const policy::AttemptId id_;
  const policy::BackendRef backend_ref_;
  const policy::Reason reason_;
  const Instant started_at_;
  const std::optional<Duration> since_ready_;
  Instant first_byte_at_ = kNever;
  transport::ClientTransaction* transaction_ = nullptr;
  net::Timer timer_;

  // The response, as far as it is known.
  uint16_t status_ = 0;
  std::string_view via_;
  http::BodyLength length_;
  std::optional<policy::InstanceEvidence> evidence_;
  const http::ResponseHead* head_ = nullptr;          // during on_response() only
  std::unique_ptr<http::FirstEventScanner> scanner_;  // of an event stream that is withheld
  http::FieldStore withheld_fields_;
  std::string withheld_body_;

  bool committed_ = false;
  bool full_ = false;
  bool paused_ = false;
  bool saw_cold_start_ = false;
  bool backend_ended_ = false;
  std::optional<http::GrpcStatus> grpc_status_;  // as far as it is known
};

}  // namespace warmgate::gateway
