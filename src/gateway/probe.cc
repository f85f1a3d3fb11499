#include "gateway/probe.h"

#include "gateway/evidence.h"
#include "gateway/request.h"

namespace warmgate::gateway {

using policy::Outcome;

Probe::Probe(net::Loop& loop, transport::ClientPool& pool, const ProbeRequest& request,
             std::function<void(const ProbeResult&)> done)
    : loop_(loop),
      sent_at_(loop.now()),
      accepted_(request.accepted),
      keep_body_(request.keep_body),
      done_(std::move(done)),
      timer_(loop.timers(), [this] { finish(Outcome::timed_out); }) {
  transaction_ = &pool.begin(*this);
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
  if (transaction_->connected()) note_connected();
  timer_.arm_after(request.timeout);
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
}

void Probe::on_body(std::string_view piece) {
  if (keep_body_ == 0) return;
  if (result_.body.size() + piece.size() > keep_body_) return finish(Outcome::broken);
  result_.body.append(piece);
}

void Probe::on_response_end(std::span<const http::Field>) {
  transaction_ = nullptr;
  const uint16_t status = result_.status;
  if (status >= 200 && status < 300) return finish(Outcome::ok);
  if (status == 429 || status == 503) return finish(Outcome::refused_busy);
  finish(status >= 500 ? Outcome::server_error : Outcome::client_error);
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
