#include "gateway/attempt.h"

#include <algorithm>

#include "gateway/backend.h"
#include "gateway/evidence.h"
#include "gateway/exchange.h"
#include "gateway/first_output.h"
#include "gateway/service.h"

namespace warmgate::gateway {

using policy::Outcome;

Attempt::Attempt(Service& service, Exchange& exchange, const policy::StartAttempt& start,
                 Backend& backend)
    : service_(service),
      exchange_(exchange),
      backend_(backend),
      id_(start.attempt),
      backend_ref_(start.backend),
      reason_(start.reason),
      started_at_(service.loop().now()),
      since_ready_(start.since_ready),
      timer_(service.loop().timers(), [this] { on_timeout(); }) {}

Attempt::~Attempt() {
  if (transaction_ != nullptr) transaction_->cancel();
}

// ---- the request ----

void Attempt::start() {
  using Need = transport::ClientPool::Need;
  const bool upgrades = !exchange_.request().upgrade.empty();
  transaction_ = &backend_.pool().begin(*this, upgrades ? Need::http1 : Need::any);
  send_request_head();
  if (since_ready_ && transaction_->connected()) note_connected();
  timer_.arm_after(service_.config().timeouts.first_byte);
  exchange_.attempt_started(*this);
}

void Attempt::on_connected(transport::ClientTransaction& transaction) {
  transaction_ = &transaction;
  note_connected();
}

void Attempt::note_connected() {
  if (!since_ready_) return;
  service_.counters().release.record(*since_ready_ + service_.loop().now() - started_at_);
}

void Attempt::send_request_head() {
  const StoredRequest& request = exchange_.request();
  const std::string& base = backend_.config().base_path;
  std::string joined;
  std::string_view target = request.target;
  if (!base.empty()) target = joined = base + std::string(request.target);
  transaction_->send_head({request.method, target, backend_.config().host_header,
                           request.fields.span(), request.length, request.upgrade,
                           request.takes_trailers});
}

inline Duration Attempt::pause_limit() const {
  if (switches()) [[unlikely]]
    return tunnel_limit();
  return service_.config().timeouts.idle;
}

bool Attempt::send_body(std::string_view piece) {
  if (transaction_ == nullptr) return true;  // the response is complete; the rest is not wanted
  full_ = !transaction_->send_body(piece);
  timer_.arm_after(status_ == 0 ? service_.config().timeouts.first_byte : pause_limit());
  return !full_;
}

void Attempt::send_end(std::span<const http::Field> trailers) {
  if (transaction_ != nullptr) transaction_->send_end(trailers);
}

void Attempt::on_writable() {
  full_ = false;
  exchange_.attempt_writable();
}

// ---- the response ----

void Attempt::on_response(const http::ResponseHead& head) {
  status_ = head.status;
  via_ = via_text(head.major_version, head.minor_version);
  length_ = forwarded_length(head);
  evidence_ = instance_evidence(head);
  timer_.arm_after(pause_limit());
  if (is_event_stream(head.fields) && head.framing != http::Framing::none) {
    scanner_ = std::make_unique<http::FirstEventScanner>(is_real_output);
    return withhold(head);
  }
  if (exchange_.request().grpc) [[unlikely]]
    return on_grpc_head(head);
  head_ = &head;
  offer();  // may destroy this
}

void Attempt::on_grpc_head(const http::ResponseHead& head) {
  grpc_status_ = http::find_grpc_status(head.fields.span());
  const bool told = grpc_status_ || status_ != 200 || head.framing == http::Framing::none;
  if (!told && exchange_.request_complete()) return withhold(head);
  head_ = &head;
  offer();  // may destroy this
}

// What a backend is judged by: of a gRPC answer the HTTP status that means the same as its own.
inline uint16_t Attempt::judged_status() const {
  return grpc_status_ && status_ == 200 ? http::http_status_of(*grpc_status_) : status_;
}

// The policy answers within the call: the attempt is committed, or cancelled and destroyed.
void Attempt::offer() {
  first_byte_at_ = service_.loop().now();
  saw_cold_start_ = evidence_ && evidence_->age < first_byte_at_ - started_at_;
  service_.attempt_first_byte(*this, {id_, judged_status(), evidence_});
}

void Attempt::withhold(const http::ResponseHead& head) {
  http::Fields kept;
  filter_response(head, Exchange::kOwnFields, kept);
  size_t bytes = 0;
  for (const http::Field& field : kept) bytes += field.name.size() + field.value.size();
  withheld_fields_.reserve(bytes, kept.size());
  for (const http::Field& field : kept) withheld_fields_.add(field);
}

void Attempt::commit() {
  committed_ = true;
  http::Fields fields;
  if (head_ != nullptr) {
    filter_response(*head_, Exchange::kOwnFields, fields);
    head_ = nullptr;
    return exchange_.respond(*this, status_, fields, length_);
  }
  for (const http::Field& field : withheld_fields_.span()) fields.push(field);
  exchange_.respond(*this, status_, fields, length_);
  if (!withheld_body_.empty() && !exchange_.forward(withheld_body_)) pause_body();
  std::string().swap(withheld_body_);
}

void Attempt::on_body(std::string_view piece) {
  timer_.arm_after(pause_limit());
  if (committed_) {
    if (!exchange_.forward(piece)) pause_body();
    return;
  }
  withheld_body_.append(piece);
  const bool real =
      scanner_ == nullptr || scanner_->feed(piece) || withheld_body_.size() > kMaxWithheld;
  if (real) offer();  // may destroy this
}

void Attempt::on_response_end(std::span<const http::Field> trailers) {
  if (switches()) return on_tunnel_end();
  transaction_ = nullptr;
  if (exchange_.request().grpc && !grpc_status_) {
    grpc_status_ = http::find_grpc_status(trailers).value_or(http::GrpcStatus::unknown);
  }
  if (!committed_) {
    // A stream that ended without a real event or message: what there is must be judged now.
    Service& service = service_;
    const policy::AttemptId id = id_;
    offer();
    if (service.find_attempt(id) == nullptr) return;
  }
  const uint16_t status = judged_status();
  const bool busy = status == 429 || status == 503;
  const Outcome outcome = busy            ? Outcome::refused_busy
                          : status >= 500 ? Outcome::server_error
                          : status >= 400 ? Outcome::client_error
                                          : Outcome::ok;
  exchange_.complete(trailers);
  finish(outcome, {});
}

void Attempt::pause_body() {
  paused_ = true;
  if (transaction_ != nullptr) transaction_->pause_body();
}

void Attempt::resume_body() {
  paused_ = false;
  timer_.arm_after(pause_limit());
  if (transaction_ != nullptr) transaction_->read_body();
}

// ---- a tunnel ----

// A tunnel of which one direction has ended is on its way out, and waits no longer than a response.
Duration Attempt::tunnel_limit() const {
  const config::Timeouts& limits = service_.config().timeouts;
  const bool half_closed = backend_ended_ || (committed_ && exchange_.request_complete());
  return half_closed ? std::min(limits.idle, limits.tunnel_idle) : limits.tunnel_idle;
}

void Attempt::on_tunnel_end() {
  backend_ended_ = true;
  if (exchange_.end_tunnel_output()) {
    transaction_ = nullptr;
    return finish(Outcome::ok, {});
  }
  timer_.arm_after(pause_limit());
}

void Attempt::end_tunnel_input() {
  transaction_->send_end();
  if (backend_ended_) {
    transaction_ = nullptr;
    return finish(Outcome::ok, {});
  }
  timer_.arm_after(pause_limit());
}

// ---- ends ----

void Attempt::on_failed(const transport::Failure& failure) {
  using transport::FailureKind;
  transaction_ = nullptr;
  const std::string detail = backend_.config().url + ": " + failure.detail;
  switch (failure.kind) {
    case FailureKind::connect_failed:
    case FailureKind::connect_timed_out:
      backend_.refresh_addresses();
      return finish(Outcome::connect_failed, detail);
    case FailureKind::lost_early:
    case FailureKind::lost_midway:
    case FailureKind::protocol:
      if (!failure.bytes_sent) return finish(Outcome::refused_busy, detail);
      return finish(committed_ ? Outcome::broken_midway : Outcome::broken, detail);
  }
}

void Attempt::on_timeout() {
  if (switches()) {  // nobody's fault
    exchange_.abandon_tunnel();
    return finish(Outcome::ok, {});
  }
  if (paused_ || full_) {  // it is not the backend that is slow
    return timer_.arm_after(service_.config().timeouts.idle);
  }
  const char* what = status_ == 0 ? "no response head in time" : "no more bytes in time";
  finish(Outcome::timed_out, backend_.config().url + ": " + what);
}

// Destroys this.
void Attempt::finish(Outcome outcome, std::string detail) {
  if (!detail.empty()) exchange_.note_failure(std::move(detail));
  if (committed_ && (outcome == Outcome::broken_midway || outcome == Outcome::timed_out)) {
    exchange_.break_off();
  }
  service_.attempt_finished(*this, outcome);
}

}  // namespace warmgate::gateway
