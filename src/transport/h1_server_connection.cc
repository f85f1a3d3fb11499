#include "transport/h1_server_connection.h"

#include "base/assert.h"
#include "http/problem.h"
#include "http/upgrade.h"

namespace warmgate::transport {

using http::Framing;
using net::IoStatus;

H1ServerConnection::H1ServerConnection(Server& server, std::unique_ptr<net::Stream> stream)
    : server_(server),
      loop_(server.loop_),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      peer_ip_(peer_.ip()),
      secure_(stream_->secure()),
      parser_(server.limits_.head),
      timer_(loop_.timers(), [this] { on_timeout(); }) {
  stream_->observe(this);
  timer_.arm_after(server_.limits_.header_timeout);
}

H1ServerConnection::~H1ServerConnection() = default;

// ---- reading ----

void H1ServerConnection::on_readable() {
  read_more();
}

// Is there room and use for input? Also while a response is awaited, to notice that a client left.
bool H1ServerConnection::input_wanted() const {
  if (phase_ == Phase::closed || peer_ended_) return false;
  if (phase_ != Phase::request) return true;
  if (body_pending_) return reading_body_;
  return received_.view().size() < kPipelineBytes;
}

void H1ServerConnection::read_more() {
  more_to_read_ = true;
  for (int reads = 0; reads < kReadsPerEvent; ++reads) {
    if (!input_wanted()) {
      // A body that nobody wants now does not hide that the client left.
      if (end_arrived_ && exchange_open() && !tunnel_) lose_client();
      return;
    }
    switch (received_.read(loop_, *stream_)) {
      case IoStatus::ok:
        if (phase_ == Phase::linger) {
          lingered_ += received_.view().size();
          received_.discard();
          if (lingered_ > kLingerBytes) return close();
        } else {
          process();
        }
        break;
      case IoStatus::would_block:
        more_to_read_ = false;
        return;
      case IoStatus::end:
        more_to_read_ = false;
        return on_peer_end();
      case IoStatus::failed:
        more_to_read_ = false;
        return lose_client();
    }
  }
  loop_.defer(*this);
}

void H1ServerConnection::on_peer_end() {
  peer_ended_ = true;
  if (tunnel_ && exchange_open()) return on_tunnel_end();
  if (!exchange_open() && !send_.empty()) {
    // A complete response is on its way to a half-closed client: its end is the connection's.
    phase_ = Phase::request;
    response_ended_ = close_after_ = true;
    return;
  }
  lose_client();
}

// The client's direction of a tunnel has ended, and with it the tunnel, if ours has.
void H1ServerConnection::on_tunnel_end() {
  body_pending_ = false;
  response_ended_ = write_ended_;
  ServerHandler* handler = handler_;
  if (response_ended_) handler_ = nullptr;
  loop_.defer(*this);
  if (handler != nullptr) handler->on_request_end({});
}

// Understands as much of the input as it can. Not recursive: what an application does from within
// its call (ending the response, say) is seen by this loop.
void H1ServerConnection::process() {
  if (processing_) return;
  processing_ = true;
  while ((phase_ == Phase::head && process_head()) ||
         (phase_ == Phase::request && process_body())) {
  }
  received_.keep();
  processing_ = false;
  if (phase_ == Phase::head || phase_ == Phase::request) arm_timer();
}

// True when a head was complete and its request has begun.
bool H1ServerConnection::process_head() {
  const std::string_view input = received_.view();
  if (input.empty()) return false;
  static thread_local http::RequestHead head;  // 4 KiB that idle connections need not hold
  switch (parser_.parse_request(input, head)) {
    case http::ParseStatus::need_more:
      return false;
    case http::ParseStatus::error:
      refuse_or_become_h2(input);
      return false;
    case http::ParseStatus::complete:
      break;
  }
  if (fresh_ && !begins_as_agreed()) return false;
  ++server_.stats_.requests;
  phase_ = Phase::request;
  http_1_0_ = head.minor_version == 0;
  head_request_ = head.method == http::Method::head;
  close_after_ = !head.keep_alive || http_1_0_ || server_.draining_;
  body_pending_ = head.framing == Framing::chunked ||
                  (head.framing == Framing::length && head.content_length > 0);
  owes_continue_ = body_pending_ && head.expects_continue;
  small_body_ = head.framing == Framing::length && head.content_length <= kDiscardBytes;
  discarded_ = 0;
  if (head.wants_upgrade) {
    const http::UpgradeWish wish = http::read_upgrade(head);
    if (wish.malformed || !wish.protocol.empty()) close_after_ = true;
  }
  head_sent_ = response_ended_ = reading_body_ = full_ = bodyless_ = false;
  body_.begin(head.framing, head.content_length);
  const size_t head_bytes = parser_.consumed();
  behind_head_ = input.size() - head_bytes;
  parser_.reset();
  server_.application_.on_request(head, *this);
  if (phase_ != Phase::closed) received_.consume(head_bytes);
  return phase_ == Phase::request;
}

// True when it made progress and should be called again.
bool H1ServerConnection::process_body() {
  if (response_ended_ && !discards()) {
    finish_exchange();
    return phase_ == Phase::head && !received_.view().empty();
  }
  const bool nothing_new = received_.view().empty() && !body_.complete();
  if (!body_pending_ || !reading_body_ || nothing_new) return false;
  const auto step = body_.next(received_.view());
  switch (step.status) {
    case http::BodyDecoder::Status::data:
      if (response_ended_) discarded_ += step.data.size();
      if (handler_ != nullptr) handler_->on_body(step.data);
      break;
    case http::BodyDecoder::Status::complete:
      body_pending_ = false;
      if (handler_ != nullptr) handler_->on_request_end(body_.trailers());
      break;
    case http::BodyDecoder::Status::error:
      if (response_ended_) {
        close_after_ = true;
        return true;
      }
      if (head_sent_) {
        lose_client();
      } else {
        if (ServerHandler* handler = std::exchange(handler_, nullptr)) handler->on_gone();
        refuse(body_.error());
      }
      return false;
    case http::BodyDecoder::Status::need_more:
      break;
  }
  if (phase_ == Phase::closed) return false;
  received_.consume(step.consumed);
  return true;
}

// RFC 9113, 3.4: HTTP/2 begins with what no HTTP/1 parser takes for a request, on purpose. So the
// question is asked of what could not be parsed, and costs a good request nothing.
void H1ServerConnection::refuse_or_become_h2(std::string_view input) {
  const bool begins_h2 = fresh_ && input.starts_with("PRI * HTTP/2.0\r\n");
  if (!begins_h2 || stream_->protocol() == "http/1.1") return refuse(parser_.error());
  server_.speak_h2(std::move(stream_), input);
  received_.discard();
  close();
}

// False when another version was agreed on by ALPN; then the request is refused.
bool H1ServerConnection::begins_as_agreed() {
  fresh_ = false;
  if (stream_->protocol() != "h2") return true;
  refuse({505, "HTTP/2 was agreed on, and this is not it."});
  return false;
}

void H1ServerConnection::refuse(const http::ParseError& error) {
  ++server_.stats_.refused;
  phase_ = Phase::request;
  handler_ = nullptr;
  close_after_ = true;
  body_pending_ = true;  // what follows cannot be understood: linger, then close
  head_sent_ = false;
  const std::string problem = http::render_problem({error.status, "about:blank", {}, error.detail});
  const http::Field type{"content-type", http::kProblemType, http::FieldName::content_type};
  send_head(error.status, {&type, 1}, http::BodyLength::of(problem.size()));
  send_body(problem);
  send_end({});
}

void H1ServerConnection::read_body() {
  if (phase_ != Phase::request || reading_body_) return;
  reading_body_ = true;
  if (owes_continue_ && !head_sent_) send_interim(100, {});
  owes_continue_ = false;
  loop_.defer(*this);
}

void H1ServerConnection::pause_body() {
  reading_body_ = false;
  if (end_arrived_) loop_.defer(*this);
}

// ---- writing ----

void H1ServerConnection::send_interim(uint16_t status, std::span<const http::Field> fields) {
  if (http_1_0_ || head_sent_) return;
  http::append_response_head(send_.tail(), status, fields, http::BodyLength::none(), false);
  loop_.defer(*this);
}

void H1ServerConnection::send_head(uint16_t status, std::span<const http::Field> fields,
                                   http::BodyLength length) {
  WG_ASSERT(!head_sent_, "a response has one head");
  head_sent_ = true;
  // The rest of a body that nobody wants: a little is read and thrown away; more than that, or a
  // client that may or may not send it, and there can be no next request.
  const bool to_come = body_pending_ && !body_.complete();
  const bool unwanted = to_come && (!reading_body_ || status >= 400);
  if (unwanted && (!small_body_ || owes_continue_)) close_after_ = true;
  owes_continue_ = false;
  bodyless_ = head_request_ || status == 204 || status == 304;
  if (status == 204) length = http::BodyLength::none();
  if (length.framing == Framing::none && !bodyless_) length = http::BodyLength::of(0);
  if (length.framing == Framing::chunked && http_1_0_) length.framing = Framing::until_close;
  if (length.framing == Framing::until_close && !bodyless_) close_after_ = true;
  response_framing_ = length.framing;
  http::append_response_head(send_.tail(), status, fields, length, close_after_);
  loop_.defer(*this);
}

void H1ServerConnection::switch_protocols(std::string_view protocol,
                                          std::span<const http::Field> fields) {
  WG_ASSERT(!head_sent_ && !body_pending_, "a tunnel follows a request without a body");
  head_sent_ = tunnel_ = close_after_ = true;
  body_pending_ = true;
  response_framing_ = Framing::until_close;
  body_.begin(Framing::until_close, 0);
  http::append_response_head(send_.tail(), 101, http::with_upgrade(fields, protocol),
                             http::BodyLength::none(), false);
  loop_.defer(*this);
}

bool H1ServerConnection::send_body(std::string_view piece) {
  if (bodyless_ || piece.empty()) return true;
  const bool chunked = response_framing_ == Framing::chunked;
  if (chunked) http::append_chunk_size(send_.tail(), piece.size());
  if (piece.size() >= kSendDirect && !blocked_) {
    blocked_ = send_.write(*stream_, piece) == IoStatus::would_block;
  } else {
    send_.tail().append(piece);
  }
  if (chunked) send_.tail().append("\r\n");
  if (!send_.empty()) loop_.defer(*this);
  full_ = send_.size() >= kSendHigh;
  return !full_;
}

void H1ServerConnection::send_end(std::span<const http::Field> trailers) {
  WG_ASSERT(head_sent_ && !response_ended_ && !write_ended_,
            "a response ends once, after its head");
  if (tunnel_) {
    write_ended_ = true;
    response_ended_ = peer_ended_;
    if (response_ended_) handler_ = nullptr;
    return loop_.defer(*this);
  }
  if (!bodyless_ && response_framing_ == Framing::chunked) {
    http::append_last_chunk(send_.tail(), trailers);
  }
  handler_ = nullptr;
  response_ended_ = true;
  reading_body_ = true;  // to discard it
  loop_.defer(*this);
}

void H1ServerConnection::abort() {
  handler_ = nullptr;
  stream_->reset_on_close();
  close();
}

void H1ServerConnection::on_writable() {
  blocked_ = false;
  if (phase_ != Phase::closed) flush();
}

// Deferred: after the batch of events, all that was written for this connection goes out in one
// call, and input that was left lying is looked at again.
void H1ServerConnection::run() {
  if (phase_ == Phase::closed) return;
  flush();
  if (phase_ == Phase::head || phase_ == Phase::request) process();
  if (more_to_read_ && phase_ != Phase::closed) read_more();
}

void H1ServerConnection::flush() {
  if (!blocked_ && !send_.empty()) {
    const IoStatus status = send_.flush(*stream_);
    blocked_ = status == IoStatus::would_block;
    if (status == IoStatus::failed) return lose_client();
    arm_timer();
  }
  if (full_ && send_.size() <= kSendLow && exchange_open()) {
    full_ = false;
    if (handler_ != nullptr) handler_->on_writable();
    if (phase_ == Phase::closed) return;
  }
  if (write_ended_ && send_.empty() && !std::exchange(shut_down_, true)) stream_->shutdown_write();
  if (response_ended_ && phase_ == Phase::request && send_.empty()) process();
  if (server_.draining_) close_if_idle();
}

// ---- ends ----

// The response is complete: the next request, or the end of the connection.
void H1ServerConnection::finish_exchange() {
  if (send_.size() >= kSendHigh) return;  // one that pipelines must also read; flush() comes back
  if (!close_after_ && !server_.draining_ && !body_pending_) {
    phase_ = Phase::head;
    response_ended_ = head_request_ = false;
    arm_timer();
    return;
  }
  if (!send_.empty()) return;  // flush() comes back here
  linger();
}

// After its response, the rest of a request's body is thrown away, up to a limit.
bool H1ServerConnection::discards() const {
  return body_pending_ && !close_after_ && !server_.draining_ && discarded_ <= kDiscardBytes;
}

// Closing with unread input would make the kernel send a reset, which may overtake the response
// (RFC 9112, 9.6): end our side, read what still comes for a while, then close.
void H1ServerConnection::linger() {
  if (peer_ended_) return close();
  phase_ = Phase::linger;
  received_.discard();
  stream_->shutdown_write();
  timer_.arm_after(kLingerTime);
  more_to_read_ = true;
  read_more();
}

void H1ServerConnection::lose_client() {
  ServerHandler* handler = exchange_open() ? std::exchange(handler_, nullptr) : nullptr;
  // A response that is cut off must not look complete, as one that lasts until the end would.
  if ((exchange_open() && head_sent_) || !send_.empty()) stream_->reset_on_close();
  close();
  if (handler != nullptr) handler->on_gone();
}

void H1ServerConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  timer_.disarm();
  cancel();
  stream_.reset();
  server_.bury(self_);
}

void H1ServerConnection::drain() {
  close_after_ = true;
  close_if_idle();
}

void H1ServerConnection::close_if_idle() {
  if (phase_ == Phase::head && received_.view().empty() && send_.empty()) close();
}

// ---- time ----

// How long the present state may last without progress; zero for as long as it likes.
Duration H1ServerConnection::time_limit() const {
  const ServerLimits& limits = server_.limits_;
  if (phase_ == Phase::linger) return kLingerTime;
  if (!send_.empty()) return limits.write_timeout;
  if (phase_ == Phase::head) return head_begun_ ? limits.header_timeout : limits.keep_alive;
  if (response_ended_ && body_pending_) return kLingerTime;
  if (body_pending_ && reading_body_) return limits.body_timeout;
  return Duration::zero();
}

// Called at progress. A timer that is armed where no limit holds is left to fire in vain: that is
// cheaper than taking it out and putting it back for every request.
void H1ServerConnection::arm_timer() {
  const bool within_head = phase_ == Phase::head && !received_.view().empty();
  if (within_head && head_begun_ && send_.empty()) return;  // slow bytes do not extend it
  head_begun_ = within_head;
  if (const Duration limit = time_limit(); limit > Duration::zero()) timer_.arm_after(limit);
}

void H1ServerConnection::on_timeout() {
  const bool in_tunnel = tunnel_ && !response_ended_;  // how long is the application's affair
  if (time_limit() == Duration::zero() || in_tunnel) return;
  const bool within_head = phase_ == Phase::head && head_begun_;
  const bool within_body = phase_ == Phase::request && send_.empty() && !head_sent_;
  if (!within_head && !within_body) return lose_client();
  if (ServerHandler* handler = std::exchange(handler_, nullptr)) handler->on_gone();
  refuse({408, "The request was not complete in time."});
}

}  // namespace warmgate::transport
