#include "serverless/exchange.h"

#include <utility>

namespace warmgate::serverless {
namespace {

constexpr std::string_view kReasonField = "warmgate-serverless-reason";
// An instance with a short backlog drops connections in a burst; the kernel tries again after 1 s
// and 3 s.
constexpr Duration kConnectTimeout = 5s;

std::string_view explain(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_instance_in_time:
      return "No instance was available in time.\n";
    case Refusal::queue_full:
      return "Too many requests wait for an instance.\n";
    case Refusal::could_not_start:
      return "The instance could not start.\n";
    case Refusal::shutting_down:
      return "The runtime is shutting down.\n";
    case Refusal::instance_unreachable:
      return "No instance accepts connections.\n";
    case Refusal::time_limit:
      return "The request took longer than its time limit.\n";
  }
  return "";
}

}  // namespace

void send_text(transport::ServerTransaction& client, http::Method method, uint16_t status,
               std::string_view reason, std::string_view text) {
  const http::Field fields[] = {
      {"Content-Type", "text/plain", http::FieldName::content_type},
      {kReasonField, reason, http::FieldName::warmgate},
  };
  client.send_head(status, fields, http::BodyLength::of(text.size()));
  if (method != http::Method::head) client.send_body(text);
  client.send_end();
}

Exchange::Exchange(net::Loop& loop, ExchangeOwner& owner, RequestId id,
                   const http::RequestHead& head, transport::ServerTransaction& client,
                   uint64_t max_body, transport::ClientProtocol protocol)
    : loop_(loop),
      owner_(owner),
      id_(id),
      head_(head, client.peer()),
      max_body_(max_body),
      protocol_(protocol),
      client_(&client) {
  client_->set_handler(&client_side_);
  request_ended_ = !head_.has_body();
}

Exchange::~Exchange() {
  let_go_of_instance();
  if (client_ != nullptr) client_->abort();
}

// ---- what the pool decides ----

void Exchange::assign(const net::Address& instance) {
  if (over()) return;
  transport::ClientLimits limits;
  limits.connect_timeout = kConnectTimeout;
  limits.max_idle = 0;
  limits.protocol = protocol_;
  connection_.emplace(loop_, limits);
  connection_->set_addresses({instance});
  instance_ = &connection_->begin(instance_side_);
  instance_->send_head(head_.outgoing());
  if (!replay_.empty()) instance_->send_body(replay_);
  if (request_ended_) {
    instance_->send_end();
  } else {
    client_->read_body();
  }
}

void Exchange::refuse(Refusal refusal) {
  if (!over()) fail(status_of(refusal), name(refusal), explain(refusal));
}

// ---- the request, from the client to the instance ----

void Exchange::on_request_body(std::string_view piece) {
  body_bytes_ += piece.size();
  if (body_bytes_ > max_body_ && !tunnel_) {
    fail(413, "request-too-large", "The request is larger than the platform accepts.\n");
    owner_.tell(RequestOversized{id_});
    return;
  }
  keep_for_replay(piece);
  // Without an instance, the connection was just lost: this last piece waits for the next one.
  if (instance_ != nullptr && !instance_->send_body(piece)) client_->pause_body();
}

void Exchange::on_request_end(std::span<const http::Field> trailers) {
  request_ended_ = true;
  if (!trailers.empty()) replay_complete_ = false;
  if (instance_ != nullptr) instance_->send_end(trailers);
  if (instance_ended_) finish_tunnel();
}

void Exchange::InstanceSide::on_writable() {
  if (!exchange.over() && !exchange.request_ended_) exchange.client_->read_body();
}

void Exchange::keep_for_replay(std::string_view piece) {
  if (!replay_complete_) return;
  const bool too_long = replay_.size() + piece.size() > kReplayBytes;
  if (too_long && instance_ != nullptr) {
    replay_complete_ = false;
    std::string().swap(replay_);
  } else {
    replay_.append(piece);
  }
}

// ---- the response, from the instance to the client ----

void Exchange::InstanceSide::on_interim(const http::ResponseHead& head) {
  if (head.status == 100) return;  // the client got one when its body was wanted
  exchange.client_->send_interim(head.status, end_to_end_fields(head.fields));
}

void Exchange::on_response(const http::ResponseHead& head) {
  replay_complete_ = false;
  std::string().swap(replay_);
  if (head.status == 101) {
    tunnel_ = true;
    request_ended_ = false;
    client_->switch_protocols(head_.upgrade(), end_to_end_fields(head.fields));
    return client_->read_body();
  }
  http::BodyLength length;
  switch (head.framing) {
    case http::Framing::length:
      length = http::BodyLength::of(head.content_length);
      break;
    case http::Framing::chunked:
    case http::Framing::until_close:
      length = http::BodyLength::chunked();
      break;
    case http::Framing::none:
      if (head.declares_length) length = http::BodyLength::of(head.content_length);
      break;
  }
  client_->send_head(head.status, end_to_end_fields(head.fields), length);
}

void Exchange::InstanceSide::on_body(std::string_view piece) {
  if (!exchange.client_->send_body(piece)) exchange.instance_->pause_body();
}

void Exchange::ClientSide::on_writable() {
  if (exchange.instance_ != nullptr) exchange.instance_->read_body();
}

void Exchange::on_response_end(std::span<const http::Field> trailers) {
  if (tunnel_) {
    instance_ended_ = true;
    client_->send_end();
    if (request_ended_) finish_tunnel();
    return;
  }
  instance_ = nullptr;
  std::exchange(client_, nullptr)->send_end(trailers);
  owner_.tell(RequestFinished{id_, Ending::complete});
}

// ---- ends ----

// Both directions have ended, and with them both transactions.
void Exchange::finish_tunnel() {
  instance_ = nullptr;
  client_ = nullptr;
  owner_.tell(RequestFinished{id_, Ending::complete});
}

void Exchange::on_client_gone() {
  client_ = nullptr;
  let_go_of_instance();
  owner_.tell(ClientGone{id_});
}

void Exchange::on_failed(const transport::Failure& failure) {
  instance_ = nullptr;
  const bool not_connected = failure.kind == transport::FailureKind::connect_failed ||
                             failure.kind == transport::FailureKind::connect_timed_out;
  if (not_connected && replay_complete_) {
    client_->pause_body();
    owner_.tell(RequestFinished{id_, Ending::not_connected});
    return;
  }
  fail(502, "instance-broke", "The instance ended the connection without a whole answer.\n");
  owner_.tell(RequestFinished{id_, Ending::instance_broke});
}

// Ends the exchange with an answer of our own, or visibly broken when the response has begun.
void Exchange::fail(uint16_t status, std::string_view reason, std::string_view text) {
  let_go_of_instance();
  transport::ServerTransaction& client = *std::exchange(client_, nullptr);
  if (client.head_sent()) return client.abort();
  send_text(client, head_.method(), status, reason, text);
}

void Exchange::let_go_of_instance() {
  if (instance_ != nullptr) std::exchange(instance_, nullptr)->cancel();
}

}  // namespace warmgate::serverless
