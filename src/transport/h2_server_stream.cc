#include "transport/h2_server_stream.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "base/assert.h"
#include "http/problem.h"
#include "transport/h2_fields.h"
#include "transport/h2_server_connection.h"

namespace warmgate::transport {

using http::Framing;

H2ServerStream::H2ServerStream(H2ServerConnection& connection)
    : H2Stream(connection),
      connection_(connection),
      timer_(connection.server_.loop_.timers(), [this] { on_timeout(); }) {}

const net::Address& H2ServerStream::peer() const {
  return connection_.peer_;
}
std::string_view H2ServerStream::peer_ip() const {
  return connection_.peer_ip_;
}
bool H2ServerStream::secure() const {
  return connection_.secure_;
}

// ---- the request ----

void H2ServerStream::on_block(http::HeaderBlock& block, bool ends) {
  if (!begun_) return begin(block, ends);
  if (!take_trailers(block)) return lose(NGHTTP2_PROTOCOL_ERROR);
  take_end();  // nghttp2 has seen to it that trailers end the stream
}

void H2ServerStream::begin(http::HeaderBlock& block, bool ends) {
  static thread_local http::RequestHead head;  // 4 KiB that streams need not hold
  begun_ = true;
  if (ends) take_end();
  if (!block.finish_request(ends, head)) return refuse(block.error());
  Server& server = connection_.server_;
  ++server.stats_.requests;
  ++server.stats_.h2_requests;
  head_request_ = head.method == http::Method::head;
  body_expected_ = head.framing == Framing::chunked || head.content_length > 0;
  owes_continue_ = body_expected_ && head.expects_continue;
  if (!body_expected_) discard_input();  // nothing can come, and nobody waits for its end
  server.application_.on_request(head, *this);
}

void H2ServerStream::on_piece(std::string_view piece) {
  if (handler_ != nullptr) handler_->on_body(piece);
}

void H2ServerStream::on_input_end(std::span<const http::Field> trailers) {
  if (handler_ != nullptr) handler_->on_request_end(trailers);
}

void H2ServerStream::read_body() {
  if (owes_continue_ && !head_sent_) send_interim(100, {});
  owes_continue_ = false;
  read_input();
  on_progress();
}

void H2ServerStream::refuse(const http::ParseError& error) {
  ++connection_.server_.stats_.refused;
  handler_ = nullptr;
  const std::string problem = http::render_problem({error.status, "about:blank", {}, error.detail});
  const http::Field type{"content-type", http::kProblemType, http::FieldName::content_type};
  send_head(error.status, {&type, 1}, http::BodyLength::of(problem.size()));
  send_body(problem);
  send_end({});
}

// ---- the response ----

void H2ServerStream::send_interim(uint16_t status, std::span<const http::Field> fields) {
  if (head_sent_ || !open()) return;
  const NumberText code(status);
  H2Fields all;
  all.add(":status", code.view());
  all.add(fields);
  nghttp2_submit_headers(connection_.get(), NGHTTP2_FLAG_NONE, id(), nullptr, all.data(),
                         all.size(), nullptr);
  connection_.wake();
}

void H2ServerStream::send_head(uint16_t status, std::span<const http::Field> fields,
                               http::BodyLength length) {
  WG_ASSERT(!head_sent_, "a response has one head");
  head_sent_ = true;
  owes_continue_ = false;
  // Without a body the head ends the stream: gRPC's statuses without messages must be so.
  const bool empty =
      length.framing == Framing::none || (length.framing == Framing::length && length.bytes == 0);
  bodyless_ = head_request_ || status == 204 || status == 304 || empty;
  if (!open()) return;
  const NumberText code(status), bytes(length.bytes);
  H2Fields all;
  all.add(":status", code.view());
  all.add(fields);
  if (length.framing == Framing::length && status != 204) {
    all.add("content-length", bytes.view());
  }
  const nghttp2_data_provider output = h2_output_of(*this);
  nghttp2_submit_response(connection_.get(), id(), all.data(), all.size(),
                          bodyless_ ? nullptr : &output);
  connection_.wake();
}

bool H2ServerStream::send_body(std::string_view piece) {
  return bodyless_ || put_body(piece);
}

void H2ServerStream::send_end(std::span<const http::Field> trailers) {
  WG_ASSERT(head_sent_ && !ended_, "a response ends once, after its head");
  handler_ = nullptr;
  ended_ = true;
  discard_input();
  if (!bodyless_) put_end(trailers);
}

void H2ServerStream::abort() {
  handler_ = nullptr;
  reset(NGHTTP2_INTERNAL_ERROR);
}

void H2ServerStream::on_room() {
  if (handler_ != nullptr) handler_->on_writable();
}

// The rest of a request that was answered already is not wanted (RFC 9113, 8.1).
void H2ServerStream::on_all_sent() {
  if (!input_ended()) reset(NGHTTP2_NO_ERROR);
}

// ---- ends, and time ----

void H2ServerStream::on_closed(uint32_t) {
  timer_.disarm();
  if (ServerHandler* handler = std::exchange(handler_, nullptr)) handler->on_gone();
}

void H2ServerStream::lose(uint32_t error) {
  reset(error);
  if (ServerHandler* handler = std::exchange(handler_, nullptr)) handler->on_gone();
}

// How long the present state may last without progress; zero for as long as it likes.
Duration H2ServerStream::time_limit() const {
  const ServerLimits& limits = connection_.server_.limits_;
  if (output_waits()) return limits.write_timeout;
  const bool body_awaited = body_expected_ && !input_ended() && reading() && !ended_;
  return body_awaited ? limits.body_timeout : Duration::zero();
}

void H2ServerStream::on_progress() {
  if (const Duration limit = time_limit(); limit > Duration::zero()) timer_.arm_after(limit);
}

void H2ServerStream::on_timeout() {
  if (time_limit() == Duration::zero() || !open()) return;
  if (output_waits() || head_sent_) return lose(NGHTTP2_CANCEL);
  if (ServerHandler* handler = std::exchange(handler_, nullptr)) handler->on_gone();
  refuse({408, "The request was not complete in time."});
}

}  // namespace warmgate::transport
