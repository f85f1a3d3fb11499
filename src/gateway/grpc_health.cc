#include "gateway/grpc_health.h"

#include "gateway/local_reply.h"
#include "http/grpc.h"

namespace warmgate::gateway {
namespace {

using http::GrpcStatus;

constexpr std::string_view kService = "/grpc.health.v1.Health/";
constexpr uint64_t kServiceName = 1;             // the number of that field
constexpr char kServing = 1, kNotServing = 2;    // of HealthCheckResponse.ServingStatus
constexpr std::string_view kStatusTag = "\x08";  // field 1, a varint

// A base-128 number at the beginning of `bytes`, which is taken away. False: there is none.
bool take_varint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    bytes.remove_prefix(i + 1);
    return true;
  }
  return false;
}

bool take(std::string_view& bytes, uint64_t size, std::string_view& taken) {
  if (size > bytes.size()) return false;
  taken = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

// The value of a field of that wire type, as bytes.
bool take_value(std::string_view& bytes, uint64_t wire_type, std::string_view& value) {
  uint64_t number = 0;
  switch (wire_type) {
    case 0:
      return take_varint(bytes, number);
    case 1:
      return take(bytes, 8, value);
    case 2:
      return take_varint(bytes, number) && take(bytes, number, value);
    case 5:
      return take(bytes, 4, value);
    default:
      return false;
  }
}

}  // namespace

std::optional<std::string_view> read_health_request(std::string_view message) {
  std::string_view service;
  while (!message.empty()) {
    uint64_t tag = 0;
    std::string_view value;
    if (!take_varint(message, tag) || !take_value(message, tag & 7, value)) return std::nullopt;
    if (tag >> 3 == 0) return std::nullopt;
    if (tag >> 3 != kServiceName) continue;
    if ((tag & 7) != 2) return std::nullopt;
    service = value;  // the last one counts
  }
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
  std::string message(kStatusTag);
  message.push_back(serving == Serving::yes ? kServing : kNotServing);
  send_grpc_message(transaction, message);
}

}  // namespace warmgate::gateway
