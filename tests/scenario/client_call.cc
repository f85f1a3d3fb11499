#include "client_call.h"

namespace warmgate::test {

using http::BodyLength;

ClientCall::ClientCall(net::Loop& loop, transport::ClientPool& pool, const Request& request)
    : request_(request),
      transaction_(&pool.begin(*this, request.need)),
      resume_(loop.timers(), [this] {
        if (!over()) resume();
      }) {
  BodyLength length = BodyLength::none();
  if (!request_.body.empty()) length = BodyLength::of(request_.body.size());
  if (request_.chunked) length = BodyLength::chunked();
  std::vector<http::Field> fields;
  for (const auto& [name, value] : request_.fields) fields.push_back({name, value});
  transaction_->send_head(
      {request_.method, request_.target, "backend", fields, length, {}, request_.takes_trailers});
  send_more();
}

void ClientCall::cancel() {
  if (auto* transaction = std::exchange(transaction_, nullptr)) transaction->cancel();
}

void ClientCall::send_more() {
  constexpr size_t kPiece = 10'000;
  while (sent_ < request_.body.size()) {
    const auto piece = std::string_view(request_.body).substr(sent_, kPiece);
    sent_ += piece.size();
    if (!transaction_->send_body(piece)) return;
  }
  if (std::exchange(sent_all_, true)) return;
  const http::Field trailer{"t", request_.trailer};
  transaction_->send_end(request_.trailer.empty() ? std::span<const http::Field>()
                                                  : std::span(&trailer, 1));
}

void ClientCall::on_response(const http::ResponseHead& head) {
  status_ = head.status;
  if (on_head) on_head();
}

void ClientCall::on_body(std::string_view piece) {
  body_.append(piece);
  if (slowness_ == Duration::zero()) return;
  pause();
  resume_.arm_after(slowness_);
}

void ClientCall::on_response_end(std::span<const http::Field> trailers) {
  for (const http::Field& field : trailers) trailers_.emplace_back(field.name, field.value);
  transaction_ = nullptr;
  complete_ = true;
  if (on_over) on_over();
}

void ClientCall::on_failed(const transport::Failure& failure) {
  transaction_ = nullptr;
  failure_ = failure;
  if (on_over) on_over();
}

}  // namespace warmgate::test
