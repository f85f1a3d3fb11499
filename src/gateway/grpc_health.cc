#include "gateway/grpc_health.h"

#include "base/protobuf_reader.h"
#include "gateway/local_reply.h"
#include "http/grpc.h"

namespace warmgate::gateway {
namespace {

using http::GrpcStatus;

constexpr std::string_view kService = "/grpc.health.v1.Health/";
constexpr uint32_t kServiceName = 1;                  // the number of that field
constexpr std::string_view kNotServing = "\x08\x02";  // a HealthCheckResponse

}  // namespace

std::optional<std::string_view> read_health_request(std::string_view message) {
  ProtobufReader fields(message);
  std::string_view service;
  while (const auto field = fields.next()) {
    if (field->number == kServiceName) service = field->bytes;  // the last one counts
  }
  if (fields.failed()) return std::nullopt;
  return service;
}

GrpcHealth::~GrpcHealth() {
  for (Call& call : calls_) call.let_go();
}

bool GrpcHealth::is_for(std::string_view target) {
  return target.starts_with(kService);
}

void GrpcHealth::handle(const http::RequestHead& head, transport::ServerTransaction& transaction) {
  const std::string_view method = head.target.substr(kService.size());
  if (method != "Check") {
    return send_grpc_status(transaction, GrpcStatus::unimplemented,
                            "This gateway answers grpc.health.v1.Health/Check only.");
  }
  const bool has_body = head.framing == http::Framing::chunked || head.content_length > 0;
  if (!has_body) return answer(transaction, {});
  calls_.emplace_front(*this, transaction);
  calls_.front().self = calls_.begin();
  transaction.set_handler(&calls_.front());
  transaction.read_body();
}

void GrpcHealth::Call::let_go() {
  transaction_->set_handler(nullptr);
}

void GrpcHealth::Call::on_body(std::string_view piece) {
  // One byte more than allowed is enough to know.
  received_.append(piece.substr(0, kMaxRequest + 1 - std::min(received_.size(), kMaxRequest + 1)));
}

void GrpcHealth::Call::on_request_end(std::span<const http::Field>) {
  let_go();
  owner_.answer(*transaction_, received_);
  owner_.calls_.erase(self);  // destroys this
}

void GrpcHealth::answer(transport::ServerTransaction& transaction,
                        std::string_view received) const {
  const auto frame = http::read_grpc_frame(received);
  const bool whole = frame && received.size() <= kMaxRequest &&
                     received.size() == http::kGrpcFrameBytes + frame->length;
  if (!whole) {
    return send_grpc_status(transaction, GrpcStatus::invalid_argument,
                            "A health check is one message of at most 1 KiB.");
  }
  if (frame->compressed) {
    return send_grpc_status(transaction, GrpcStatus::unimplemented,
                            "Compressed health checks are not understood.");
  }
  const auto service = read_health_request(received.substr(http::kGrpcFrameBytes));
  if (!service) {
    return send_grpc_status(transaction, GrpcStatus::invalid_argument,
                            "This is no HealthCheckRequest.");
  }
  const Serving serving = ask_(*service);
  if (serving == Serving::unknown_service) {
    return send_grpc_status(transaction, GrpcStatus::not_found,
                            "No service of this gateway has that name.");
  }
  send_grpc_message(transaction, serving == Serving::yes ? http::kGrpcServing : kNotServing);
}

}  // namespace warmgate::gateway
