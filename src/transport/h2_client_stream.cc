#include "transport/h2_client_stream.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "base/assert.h"
#include "transport/h2_client_connection.h"
#include "transport/h2_fields.h"

namespace warmgate::transport {

using http::Framing;

H2ClientStream::H2ClientStream(H2ClientConnection& connection, ClientHandler& handler, bool reused)
    : H2Stream(connection), connection_(connection), handler_(&handler), reused_(reused) {
  read_input();
}

// ---- the request ----

void H2ClientStream::send_head(const OutgoingRequest& request) {
  method_ = http::classify_method(request.method);
  fed_before_ = connection_.bytes_fed();
  const NumberText bytes(request.length.bytes);
  H2Fields all;
  all.add(":method", request.method);
  all.add(":scheme", connection_.secure() ? "https" : "http");
  all.add(":authority", request.authority);
  all.add(":path", request.target);
  all.add(request.fields);
  if (request.takes_trailers) all.add("te", "trailers");
  if (request.length.framing == Framing::length) all.add("content-length", bytes.view());
  bodyless_ = request.length.framing == Framing::none ||
              (request.length.framing == Framing::length && request.length.bytes == 0);
  const nghttp2_data_provider output = h2_output_of(*this);
  const int32_t id = nghttp2_submit_request(connection_.get(), nullptr, all.data(), all.size(),
                                            bodyless_ ? nullptr : &output, user_data());
  WG_ASSERT(id > 0, "a connection with room takes a request");
  opened_as(id);
  connection_.wake();
}

void H2ClientStream::send_end(std::span<const http::Field> trailers) {
  if (!bodyless_) put_end(trailers);
}

void H2ClientStream::on_room() {
  if (handler_ != nullptr) handler_->on_writable();
}

// ---- the response ----

void H2ClientStream::on_block(http::HeaderBlock& block, bool ends) {
  if (handler_ == nullptr) return;
  connection_.note_answer();
  if (answered_) {
    if (!take_trailers(block)) return break_off(block.error().detail);
    return take_end();  // nghttp2 has seen to it that trailers end the stream
  }
  static thread_local http::ResponseHead head;  // 4 KiB that streams need not hold
  if (!block.finish_response(method_, ends, head)) return break_off(block.error().detail);
  if (head.interim()) return handler_->on_interim(head);
  answered_ = true;
  handler_->on_response(head);
  if (ends) take_end();
}

void H2ClientStream::on_piece(std::string_view piece) {
  if (handler_ != nullptr) handler_->on_body(piece);
}

void H2ClientStream::on_input_end(std::span<const http::Field> trailers) {
  ClientHandler* const handler = std::exchange(handler_, nullptr);
  if (!all_sent_) reset(NGHTTP2_NO_ERROR);  // the rest of the request is not wanted
  if (handler != nullptr) handler->on_response_end(trailers);
}

// ---- ends ----

void H2ClientStream::break_off(std::string detail) {
  problem_ = std::move(detail);
  reset(NGHTTP2_PROTOCOL_ERROR);
}

void H2ClientStream::on_head_refused(int error) {
  // By the time that it was its turn the backend had said GOAWAY: on_closed() tells that.
  if (error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED || error == NGHTTP2_ERR_STREAM_CLOSING) return;
  problem_ = std::string("the request cannot be sent by HTTP/2: ") + nghttp2_strerror(error);
}

void H2ClientStream::cancel() {
  handler_ = nullptr;
  if (head_sent_ && !answered_ && fed_before_ == connection_.bytes_fed()) connection_.doubt();
  abandon();
}

void H2ClientStream::on_closed(uint32_t error) {
  if (handler_ == nullptr) return;
  Failure failure;
  failure.kind = answered_ ? FailureKind::lost_midway : FailureKind::lost_early;
  failure.bytes_sent = head_sent_ && error != NGHTTP2_REFUSED_STREAM;
  failure.reused_connection = reused_;
  failure.detail = std::move(problem_);
  const std::string code = nghttp2_http2_strerror(error);
  if (!failure.detail.empty()) {
    failure.kind = FailureKind::protocol;
  } else if (error == NGHTTP2_REFUSED_STREAM) {
    failure.detail = "the backend refused the stream";
  } else if (reset_by_peer_) {
    failure.detail = "the backend reset the stream: " + code;
  } else if (!connection_.open()) {
    failure.detail = connection_.problem();
  } else {
    failure.kind = FailureKind::protocol;
    failure.detail = "the backend broke the rules of HTTP/2: " + code;
  }
  std::exchange(handler_, nullptr)->on_failed(failure);
}

}  // namespace warmgate::transport
