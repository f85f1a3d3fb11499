#include "gateway_backend.h"

#include <algorithm>

#include "base/text.h"

namespace warmgate::test {

// ---- one call ----

Call::Call(ScriptedBackend& backend, const http::RequestHead& head,
           transport::ServerTransaction& transaction)
    : method(head.method_text),
      target(head.target),
      host(head.authority),
      arrived_at(backend.loop().now()),
      backend_(backend),
      transaction_(&transaction) {
  for (const http::Field& field : head.fields.span()) fields.emplace_back(field.name, field.value);
  transaction.set_handler(this);
}

Call::~Call() {
  if (transaction_ != nullptr) transaction_->set_handler(nullptr);
}

std::string Call::field(std::string_view name) const {
  for (const auto& [its_name, value] : fields) {
    if (equals_ignoring_case(its_name, name)) return value;
  }
  return "";
}

void Call::answer(uint16_t status, std::string_view text, const FieldTexts& more) {
  if (over()) return;
  send_head(status, more, http::BodyLength::of(text.size()));
  send(text);
  end();
}

void Call::answer_after(Duration time, uint16_t status, const std::string& text,
                        const FieldTexts& more) {
  backend_.loop().at(backend_.loop().now() + time,
                     [this, status, text, more] { answer(status, text, more); });
}

void Call::send_head(uint16_t status, const FieldTexts& more, http::BodyLength length) {
  if (over()) return;
  std::vector<http::Field> sent;
  for (const auto& [name, value] : more) sent.push_back({name, value});
  if (!backend_.instance.empty()) sent.push_back({"warmgate-instance", backend_.instance});
  transaction_->send_head(status, sent, length);
}

bool Call::send(std::string_view piece) {
  return over() || transaction_->send_body(piece);
}

void Call::end(const FieldTexts& with_trailers) {
  if (over()) return;
  std::vector<http::Field> sent;
  for (const auto& [name, value] : with_trailers) sent.push_back({name, value});
  std::exchange(transaction_, nullptr)->send_end(sent);
}

void Call::switch_protocols(std::string_view protocol, const FieldTexts& more) {
  if (over()) return;
  std::vector<http::Field> sent;
  for (const auto& [name, value] : more) sent.push_back({name, value});
  tunnel = true;
  transaction_->switch_protocols(protocol, sent);
  if (backend_.reads_bodies) transaction_->read_body();
}

void Call::end_output() {
  if (over()) return;
  output_ended_ = true;
  transaction_->send_end();
  if (input_ended) transaction_ = nullptr;
}

void Call::abort() {
  if (!over()) std::exchange(transaction_, nullptr)->abort();
}

void Call::read_body() {
  if (!over()) transaction_->read_body();
}

void Call::pause_body() {
  if (!over()) transaction_->pause_body();
}

void Call::on_body(std::string_view piece) {
  body.append(piece);
}

void Call::on_request_end(std::span<const http::Field> its_trailers) {
  if (tunnel) {
    input_ended = true;
    if (output_ended_) transaction_ = nullptr;
    return;
  }
  for (const http::Field& field : its_trailers) trailers.emplace_back(field.name, field.value);
  complete = true;
  backend_.took(*this);
}

void Call::on_writable() {
  if (on_room) on_room();
}

void Call::on_gone() {
  transaction_ = nullptr;
  gone = true;
}

// ---- the backend ----

ScriptedBackend::ScriptedBackend(MemoryLoop& loop, const net::Address& at)
    : loop_(loop), address_(at) {
  restart();
}

void ScriptedBackend::restart() {
  server_ = std::make_unique<transport::Server>(loop_, *this, transport::ServerLimits{});
  (void)server_->listen(address_);
}

void ScriptedBackend::kill() {
  for (const auto& call : calls) call->lose();
  server_.reset();
}

size_t ScriptedBackend::open_calls() const {
  return static_cast<size_t>(
      std::count_if(calls.begin(), calls.end(), [](const auto& call) { return !call->over(); }));
}

void ScriptedBackend::on_request(const http::RequestHead& head,
                                 transport::ServerTransaction& transaction) {
  auto call = std::make_unique<Call>(*this, head, transaction);
  if (answers_probes && head.target.ends_with("/v2/health/ready")) {
    ++probes;
    return call->answer(health_status, "");
  }
  if (head.target.ends_with("/v2/models/digits")) {
    ++metadata_requests;
    return call->answer(metadata.empty() ? 404 : 200, metadata);
  }
  calls.push_back(std::move(call));
  Call& taken = *calls.back();
  if (on_head) on_head(taken);
  if (head.framing == http::Framing::chunked || head.content_length > 0) {
    if (reads_bodies) taken.read_body();
    return;
  }
  taken.complete = true;
  took(taken);
}

void ScriptedBackend::took(Call& call) {
  if (on_head) return;
  if (on_call) return on_call(call);
  call.answer_after(service_time, 200, "pong");
}

}  // namespace warmgate::test
