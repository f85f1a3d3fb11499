#include "gateway/probe.h"

#include "gateway/evidence.h"
#include "gateway/request.h"

namespace warmgate::gateway {

using policy::Outcome;

Probe::Probe(net::Loop& loop, transport::ClientPool& pool, const ProbeRequest& request,
             std::function<void(const ProbeResult&)> done)
    : loop_(loop),
      grpc_(request.path.ends_with(http::kGrpcHealthCheck)),
      sent_at_(loop.now()),
      accepted_(request.accepted),
      keep_body_(grpc_ ? kMostHealthAnswer : request.keep_body),
      done_(std::move(done)),
      timer_(loop.timers(), [this] { finish(Outcome::timed_out); }) {
  transaction_ = &pool.begin(*this);
  if (grpc_) {
    send_grpc(request);
  } else {
    send(request);
  }
  if (transaction_->connected()) note_connected();
  timer_.arm_after(request.timeout);
}

void Probe::send(const ProbeRequest& request) {
  const std::string hold = format_duration(request.hold);
  const std::array<http::Field, 3> fields{
      http::Field{"user-agent", "warmgate"}, http::Field{"accept", "*/*"},
      request.release ? http::Field{kReleaseField, "1"} : http::Field{kHoldField, hold}};
  const std::span<const http::Field> all(fields);
  const bool third = request.release || request.hold > Duration::zero();
  transaction_->send_head({request.release ? "POST" : "GET", request.path, request.authority,
                           third ? all : all.first(2),
                           request.release ? http::BodyLength::of(0) : http::BodyLength::none()});
  transaction_->send_end();
}

void Probe::send_grpc(const ProbeRequest& request) {
  const std::string message = http::grpc_message({});  // about the server as a whole
  const std::array<http::Field, 2> fields{
      http::Field{"user-agent", "warmgate"},
      http::Field{"content-type", http::kGrpcType, http::FieldName::content_type}};
  transaction_->send_head({"POST",
                           request.path,
                           request.authority,
                           fields,
                           http::BodyLength::of(message.size()),
                           {},
                           true});
  transaction_->send_body(message);
  transaction_->send_end();
}

Probe::~Probe() {
  if (transaction_ != nullptr) transaction_->cancel();
}

void Probe::on_connected(transport::ClientTransaction& transaction) {
  transaction_ = &transaction;
  note_connected();
}

void Probe::note_connected() {
  if (accepted_ != nullptr) accepted_->record(loop_.now() - sent_at_);
}

void Probe::on_response(const http::ResponseHead& head) {
  result_.status = head.status;
  result_.evidence = instance_evidence(head);
  if (grpc_) grpc_status_ = http::find_grpc_status(head.fields.span());
}

void Probe::on_body(std::string_view piece) {
  if (keep_body_ == 0) return;
  if (result_.body.size() + piece.size() > keep_body_) return finish(Outcome::broken);
  result_.body.append(piece);
}

void Probe::on_response_end(std::span<const http::Field> trailers) {
  transaction_ = nullptr;
  if (grpc_ && result_.status == 200) judge_grpc(trailers);
  const uint16_t status = result_.status;
  if (status >= 200 && status < 300) return finish(Outcome::ok);
  if (status == 429 || status == 503) return finish(Outcome::refused_busy);
  finish(status >= 500 ? Outcome::server_error : Outcome::client_error);
}

// The HTTP status that means the same.
void Probe::judge_grpc(std::span<const http::Field> trailers) {
  if (!grpc_status_) grpc_status_ = http::find_grpc_status(trailers);
  result_.status = http::http_status_of(grpc_status_.value_or(http::GrpcStatus::unknown));
  const bool serving = result_.body == http::grpc_message(http::kGrpcServing);
  if (result_.status == 200 && !serving) result_.status = 503;
}

void Probe::on_failed(const transport::Failure& failure) {
  using transport::FailureKind;
  transaction_ = nullptr;
  const bool unreachable =
      failure.kind == FailureKind::connect_failed || failure.kind == FailureKind::connect_timed_out;
  finish(unreachable ? Outcome::connect_failed : Outcome::broken);
}

void Probe::finish(Outcome outcome) {
  result_.outcome = outcome;
  auto done = std::move(done_);  // it may destroy this
  const ProbeResult result = std::move(result_);
  done(result);
}

}  // namespace warmgate::gateway
