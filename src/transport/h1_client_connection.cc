#include "transport/h1_client_connection.h"

#include <utility>

#include "base/assert.h"
#include "http/upgrade.h"

namespace warmgate::transport {

using http::Framing;
using net::IoStatus;

H1ClientConnection::H1ClientConnection(ClientPool& pool, std::unique_ptr<net::Stream> stream)
    : ClientConnection(pool),
      loop_(pool.loop_),
      stream_(std::move(stream)),
      parser_(pool.limits_.head),
      timer_(loop_.timers(), [this] { on_timeout(); }) {
  stream_->observe(this);
}

H1ClientConnection::~H1ClientConnection() = default;

void H1ClientConnection::rest() {
  phase_ = Phase::idle;
  timer_.arm_after(pool_.limits_.keep_alive);
  pool_.make_idle(self_);
}

void H1ClientConnection::on_timeout() {
  if (phase_ == Phase::idle || phase_ == Phase::flushing) close();
}

void H1ClientConnection::retire() {
  if (phase_ == Phase::idle) return close();
  keep_alive_ = false;
}

// ---- the request ----

void H1ClientConnection::begin(ClientHandler& handler) {
  handler_ = &handler;
  phase_ = Phase::head;
  reused_ = served_;
  keep_alive_ = true;
  request_sent_ = bytes_sent_ = paused_ = full_ = false;
  if (!upgrade_.empty()) upgrade_.clear();
}

void H1ClientConnection::send_head(const OutgoingRequest& request) {
  method_ = http::classify_method(request.method);
  request_framing_ = request.length.framing;
  std::span<const http::Field> fields = request.fields;
  std::vector<http::Field> upgrading;
  if (!request.upgrade.empty()) [[unlikely]] {
    upgrade_ = request.upgrade;
    fields = upgrading = http::with_upgrade(fields, upgrade_);
  }
  http::append_request_head(send_.tail(), request.method, request.target, request.authority, fields,
                            request.length, true);
  loop_.defer(*this);
}

bool H1ClientConnection::send_body(std::string_view piece) {
  if (piece.empty()) return true;
  const bool chunked = request_framing_ == Framing::chunked;
  if (chunked) http::append_chunk_size(send_.tail(), piece.size());
  if (piece.size() >= kSendDirect && !blocked_) {
    bytes_sent_ = true;
    blocked_ = send_.write(*stream_, piece) == IoStatus::would_block;
  } else {
    send_.tail().append(piece);
  }
  if (chunked) send_.tail().append("\r\n");
  if (!send_.empty()) loop_.defer(*this);
  full_ = send_.size() >= kSendHigh;
  return !full_;
}

void H1ClientConnection::send_end(std::span<const http::Field> trailers) {
  if (request_framing_ == Framing::chunked) http::append_last_chunk(send_.tail(), trailers);
  request_sent_ = true;
  if (read_ended_) [[unlikely]]
    return end_tunnel();
  loop_.defer(*this);
}

void H1ClientConnection::on_writable() {
  blocked_ = false;
  if (phase_ != Phase::closed) flush();
}

void H1ClientConnection::run() {
  if (phase_ == Phase::closed) return;
  flush();
  if (phase_ == Phase::head || phase_ == Phase::body) process();
  if (more_to_read_ && phase_ != Phase::closed) read_more();
}

void H1ClientConnection::flush() {
  if (!blocked_ && !send_.empty()) {
    bytes_sent_ = true;
    const IoStatus status = send_.flush(*stream_);
    blocked_ = status == IoStatus::would_block;
    // A failed write is not yet the end: an early response may be waiting to be read. Reading
    // tells the failure otherwise.
    if (status == IoStatus::failed) {
      more_to_read_ = true;
      send_ = SendBuffer();
      keep_alive_ = false;
      if (read_ended_) return fail(FailureKind::lost_midway, "the backend takes no more bytes");
    }
  }
  if (tunnel_ && request_sent_ && send_.empty()) [[unlikely]] {
    if (phase_ == Phase::flushing) return close();
    if (!std::exchange(shut_down_, true)) stream_->shutdown_write();
  }
  if (full_ && send_.size() <= kSendLow) {
    full_ = false;
    if (handler_ != nullptr) handler_->on_writable();
  }
}

// ---- the response ----

void H1ClientConnection::read_body() {
  if (!paused_) return;
  paused_ = false;
  loop_.defer(*this);
}

void H1ClientConnection::read_more() {
  more_to_read_ = true;
  for (int reads = 0; reads < kReadsPerEvent; ++reads) {
    if (phase_ == Phase::closed || (paused_ && phase_ == Phase::body)) return;
    switch (received_.read(loop_, *stream_)) {
      case IoStatus::ok:
        if (phase_ == Phase::idle) return close();  // nobody asked for anything
        process();
        break;
      case IoStatus::would_block:
        more_to_read_ = false;
        return;
      case IoStatus::end:
        more_to_read_ = false;
        return on_peer_end();
      case IoStatus::failed:
        more_to_read_ = false;
        if (phase_ == Phase::idle) return close();
        return fail(phase_ == Phase::head ? FailureKind::lost_early : FailureKind::lost_midway,
                    stream_->secure() ? stream_->problem() : "the backend reset the connection");
    }
  }
  loop_.defer(*this);
}

void H1ClientConnection::on_peer_end() {
  if (phase_ == Phase::idle) return close();
  keep_alive_ = false;
  if (tunnel_) {
    if (std::exchange(read_ended_, true)) return;
    ClientHandler* handler = handler_;
    if (request_sent_) end_tunnel();
    return handler->on_response_end({});
  }
  if (phase_ == Phase::body && body_.end_of_input()) return finish();
  fail(phase_ == Phase::head ? FailureKind::lost_early : FailureKind::lost_midway,
       "the backend closed the connection before its response was complete");
}

void H1ClientConnection::process() {
  if (processing_) return;
  processing_ = true;
  while ((phase_ == Phase::head && process_head()) || (phase_ == Phase::body && process_body())) {
  }
  received_.keep();
  processing_ = false;
}

// True when a head was complete.
bool H1ClientConnection::process_head() {
  if (received_.view().empty()) return false;
  static thread_local http::ResponseHead head;  // 4 KiB that idle connections need not hold
  switch (parser_.parse_response(received_.view(), method_, head, !upgrade_.empty())) {
    case http::ParseStatus::need_more:
      return false;
    case http::ParseStatus::error:
      fail(FailureKind::protocol, parser_.error().detail);
      return false;
    case http::ParseStatus::complete:
      break;
  }
  if (!bytes_sent_) {
    fail(FailureKind::protocol, "the backend answered before it was asked");
    return false;
  }
  const size_t head_bytes = parser_.consumed();
  parser_.reset();
  if (head.status == 101) {
    if (!http::grants_upgrade(head, upgrade_)) {
      fail(FailureKind::protocol, "the backend switches to a protocol that was not asked for");
      return false;
    }
    begin_tunnel();
    handler_->on_response(head);
  } else if (head.interim()) {
    handler_->on_interim(head);
  } else {
    keep_alive_ = keep_alive_ && head.keep_alive;
    body_.begin(head.framing, head.content_length);
    phase_ = Phase::body;
    handler_->on_response(head);
  }
  if (phase_ == Phase::closed) return false;
  received_.consume(head_bytes);
  return true;
}

// True when it made progress and should be called again.
bool H1ClientConnection::process_body() {
  if (paused_ && !body_.complete()) return false;
  const auto step = body_.next(received_.view());
  switch (step.status) {
    case http::BodyDecoder::Status::data:
      handler_->on_body(step.data);
      break;
    case http::BodyDecoder::Status::complete:
      received_.consume(step.consumed);
      finish();
      return false;
    case http::BodyDecoder::Status::error:
      fail(FailureKind::protocol, body_.error().detail);
      return false;
    case http::BodyDecoder::Status::need_more:
      break;
  }
  if (phase_ == Phase::closed) return false;
  received_.consume(step.consumed);
  return step.status == http::BodyDecoder::Status::data;
}

// ---- tunnels ----

void H1ClientConnection::begin_tunnel() {
  phase_ = Phase::body;
  tunnel_ = true;
  keep_alive_ = request_sent_ = false;
  body_.begin(Framing::until_close, 0);
}

// Both directions have ended: what is left of ours still goes out.
void H1ClientConnection::end_tunnel() {
  handler_ = nullptr;
  phase_ = Phase::flushing;
  timer_.arm_after(kFlushTime);
  loop_.defer(*this);
}

// ---- ends ----

void H1ClientConnection::finish() {
  ClientHandler* handler = std::exchange(handler_, nullptr);
  const bool reusable = keep_alive_ && request_sent_ && send_.empty() && received_.view().empty();
  served_ = true;
  if (reusable) {
    rest();
  } else {
    close();
  }
  handler->on_response_end(body_.trailers());
}

void H1ClientConnection::fail(FailureKind kind, std::string detail) {
  ClientHandler* handler = std::exchange(handler_, nullptr);
  close();
  if (handler != nullptr) handler->on_failed({kind, bytes_sent_, reused_, std::move(detail)});
}

void H1ClientConnection::cancel() {
  handler_ = nullptr;
  if (tunnel_) stream_->reset_on_close();  // it must not look like an end
  if (phase_ != Phase::idle) close();
}

void H1ClientConnection::close() {
  if (phase_ == Phase::closed) return;
  auto& list = phase_ == Phase::idle ? pool_.idle_ : pool_.busy_;
  phase_ = Phase::closed;
  timer_.disarm();
  Deferred::cancel();
  stream_.reset();
  pool_.bury(list, self_);
}

}  // namespace warmgate::transport
