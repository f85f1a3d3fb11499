#include "model/exchange.h"

#include <utility>
#include <vector>

#include "model/server.h"

namespace warmgate::model {
namespace {

std::string field(const http::RequestHead& head, std::string_view name) {
  const http::Field* found = head.fields.find(name);
  return found ? std::string(found->value) : std::string();
}

}  // namespace

Exchange::Exchange(ModelServer& server, transport::ServerTransaction& transaction,
                   const http::RequestHead& head)
    : server_(server), transaction_(transaction) {
  request_.method = head.method_text;
  request_.target = head.target;
  request_.hold = field(head, "warmgate-hold");
  request_.release = head.fields.find("warmgate-release") != nullptr;
  request_.content_encoding = field(head, "content-encoding");
}

Exchange::~Exchange() {
  release_bytes();
}

void Exchange::start(const http::RequestHead& head) {
  const bool sized = head.framing == http::Framing::length;
  if (head.framing == http::Framing::none || (sized && head.content_length == 0)) {
    ask();
  } else if (sized && head.content_length > server_.service_.limits().max_body_bytes) {
    answer(server_.service_.body_too_large());
  } else {
    transaction_.set_handler(this);
    transaction_.read_body();
  }
}

void Exchange::on_body(std::string_view piece) {
  received_ += piece.size();
  server_.receiving_bytes_ += piece.size();
  if (received_ > server_.service_.limits().max_body_bytes) {
    answer(server_.service_.body_too_large());
  } else if (server_.receiving_bytes_ > ModelServer::kMaxReceivingBytes) {
    answer(server_.service_.too_many_bytes());
  } else {
    request_.body.append(piece);
  }
}

void Exchange::on_request_end(std::span<const http::Field>) {
  release_bytes();
  ask();
}

void Exchange::on_gone() {
  server_.service_.cancel(ticket_);
  server_.forget(*this);
}

void Exchange::ask() {
  transaction_.set_handler(this);  // to learn that the client left
  auto handled = server_.service_.handle(std::move(request_),
                                         [this](const Response& response) { answer(response); });
  if (const auto* response = std::get_if<Response>(&handled)) return answer(*response);
  ticket_ = std::get<ModelService::Ticket>(handled);
}

void Exchange::answer(const Response& response) {
  std::vector<http::Field> fields;
  fields.push_back({"Content-Type", response.content_type});
  for (const auto& [name, value] : response.fields) fields.push_back({name, value});
  transaction_.send_head(static_cast<uint16_t>(response.status), fields,
                         http::BodyLength::of(response.body.size()));
  transaction_.send_body(response.body);
  transaction_.send_end();
  server_.forget(*this);
}

void Exchange::release_bytes() {
  server_.receiving_bytes_ -= std::exchange(received_, 0);
}

}  // namespace warmgate::model
