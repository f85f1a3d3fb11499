#include "transport/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "base/assert.h"
#include "transport/h2_callbacks.h"

namespace warmgate::transport {

using net::IoStatus;

void H2Session::SessionFree::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

H2Session::H2Session(net::Loop& loop, Role role, const H2Limits& limits,
                     const http::HeadLimits& head, Duration write_timeout)
    : loop_(loop),
      role_(role),
      limits_(limits),
      head_limits_(head),
      write_timeout_(write_timeout),
      session_(make_h2_session(*this, role == Role::server)),
      guard_(limits.floods),
      block_(head),
      write_timer_(loop.timers(), [this] { on_write_timeout(); }) {}

H2Session::~H2Session() {
  streams_.clear();  // they still have a say in the counts
}

void H2Session::start(std::unique_ptr<net::Stream> stream, std::string_view begun) {
  stream_ = std::move(stream);
  stream_->observe(this);
  submit_h2_settings(session_.get(), limits_, head_limits_, role_ == Role::server);
  more_to_read_ = true;
  wake();
  if (!begun.empty()) feed(begun);
}

H2Stream& H2Session::adopt(std::unique_ptr<H2Stream> stream) {
  streams_.push_front(std::move(stream));
  H2Stream& its = *streams_.front();
  its.self_ = streams_.begin();
  return its;
}

H2Stream& H2Session::adopt(std::unique_ptr<H2Stream> stream, int32_t id) {
  H2Stream& its = adopt(std::move(stream));
  its.opened_as(id);
  nghttp2_session_set_stream_user_data(session_.get(), id, &its);
  return its;
}

// ---- reading ----

// A peer that takes no answers gets none of its frames read, either.
bool H2Session::stuck() const {
  return blocked_ && phase_ == Phase::open &&
         nghttp2_session_get_outbound_queue_size(session_.get()) > kMaxQueuedFrames;
}

void H2Session::read_more() {
  more_to_read_ = true;
  for (int reads = 0; reads < kReadsPerEvent; ++reads) {
    if (phase_ == Phase::closed) return;
    if (stuck()) {
      if (end_arrived_) close(true);
      return;
    }
    const net::IoResult result = stream_->read(loop_.scratch());
    if (result.status == IoStatus::would_block) {
      more_to_read_ = false;
      return;
    }
    if (result.status != IoStatus::ok) {
      more_to_read_ = false;
      peer_ended_ = true;
      note_end(result.status == IoStatus::failed);
      return close(result.status == IoStatus::failed || !streams_.empty());
    }
    if (phase_ == Phase::linger) {
      lingered_ += result.bytes;
      if (lingered_ > kLingerBytes) return close(false);
    } else {
      feed({loop_.scratch().data(), result.bytes});
    }
  }
  wake();
}

void H2Session::note_end(bool failed) {
  if (!failed) return note_problem("the connection was closed before the response was complete");
  note_problem(stream_->secure() ? stream_->problem() : "the connection was reset");
}

void H2Session::on_end_arrived() {
  end_arrived_ = true;
  if (stuck()) close(true);
}

void H2Session::feed(std::string_view bytes) {
  if (doomed_) return;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (taken == NGHTTP2_ERR_FLOODED || taken == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
    flooded_ = true;
  } else if (taken < 0) {
    go_away(NGHTTP2_PROTOCOL_ERROR);
  }
  if (flooded_) {
    note_problem("the peer keeps the connection busy for nothing");
    go_away(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  wake();
  on_fed();
}

void H2Session::note_idle_frame() {
  if (!guard_.on_idle_frame(loop_.now())) flooded_ = true;
}

void H2Session::note_reset() {
  if (!guard_.on_reset(loop_.now())) flooded_ = true;
}

void H2Session::begin_block(int32_t id, bool opens) {
  guard_.on_work();
  block_.clear();
  block_open_ = true;
  block_stream_ = id;
  if (opens && !flooded_) open_stream(id);
}

void H2Session::add_to_block(std::string_view name, std::string_view value) {
  block_.add(name, value);
  if (block_.offered() > kHeadsOfFlood * head_limits_.max_bytes) flooded_ = true;
}

void H2Session::end_block(H2Stream* stream, bool ends) {
  block_open_ = false;
  if (stream != nullptr) stream->on_block(block_, ends);
  block_.clear();
}

// ---- the windows ----

void H2Session::consume(int32_t stream, size_t bytes) {
  nghttp2_session_consume(session_.get(), stream, bytes);
  wake();
}

void H2Session::hold(size_t bytes) {
  held_ += bytes;
  owed_ += bytes;
  settle_window();
}

void H2Session::release(int32_t stream, size_t bytes) {
  if (bytes == 0) return;
  held_ -= bytes;
  nghttp2_session_consume_stream(session_.get(), stream, bytes);
  settle_window();
}

// Paused streams do not hold up the others, until they hold more than is good for us.
void H2Session::settle_window() {
  const size_t keep = held_ > limits_.held_bytes ? held_ - limits_.held_bytes : 0;
  if (owed_ <= keep) return;
  nghttp2_session_consume_connection(session_.get(), owed_ - keep);
  owed_ = keep;
  if (phase_ == Phase::open) wake();
}

// ---- writing ----

void H2Session::on_writable() {
  blocked_ = false;
  if (phase_ != Phase::closed) wake();
}

// Deferred: after the batch of events.
void H2Session::run() {
  if (deliveries_wanted_) deliver();
  if (kept_ > 0) [[unlikely]]
    sweep();
  if (phase_ == Phase::closed) return end_if_nothing_is_kept();
  if (more_to_read_ && phase_ != Phase::closed) read_more();
  if (phase_ == Phase::open) pump();
  if (phase_ == Phase::open) on_turn();
}

// Streams end within nghttp2 only, so that none does meanwhile.
void H2Session::deliver() {
  deliveries_wanted_ = false;
  for (const auto& stream : streams_) {
    const bool open = phase_ == Phase::open || stream->closed_;
    if (open && stream->wants_delivery()) stream->deliver();
  }
}

void H2Session::keep_closed(H2Stream& stream) {
  if (!std::exchange(stream.closed_, true)) ++kept_;
  wake();
}

void H2Session::sweep() {
  const size_t before = kept_;
  for (auto it = streams_.begin(); it != streams_.end();) {
    H2Stream& stream = **it++;
    if (!stream.closed_ || stream.keeps()) continue;
    streams_.erase(stream.self_);
    --kept_;
  }
  if (kept_ < before) on_stream_over();
}

// Gets frames from nghttp2; false when it is at its end.
bool H2Session::fill() {
  while (send_.size() < kFill) {
    const uint8_t* data = nullptr;
    const ssize_t bytes = nghttp2_session_mem_send(session_.get(), &data);
    if (bytes < 0) return false;
    if (bytes == 0) break;
    send_.tail().append(reinterpret_cast<const char*>(data), static_cast<size_t>(bytes));
  }
  return true;
}

// A DATA frame of which nghttp2 made the head. False: not now.
bool H2Session::send_data(H2Stream& stream, std::string_view frame_head, size_t bytes) {
  if (send_.size() >= kFill) return false;
  send_.tail().append(frame_head);
  stream.out_.move_to(send_, bytes);
  note_sent(bytes);
  if (bytes > 0) guard_.on_work();
  stream.on_progress();
  return true;
}

void H2Session::pump() {
  bool more = true;
  for (int writes = 0; writes < kWritesPerEvent && !blocked_; ++writes) {
    if (!fill()) return close(true);
    more = !send_.empty();
    if (!more) break;
    const size_t before = send_.size();
    const IoStatus status = send_.flush(*stream_);
    if (status == IoStatus::failed) {
      note_end(true);
      return close(true);
    }
    blocked_ = status == IoStatus::would_block;
    if (blocked_ && (!write_timer_.armed() || send_.size() < before)) {
      write_timer_.arm_after(write_timeout_);
    }
  }
  if (!blocked_) write_timer_.disarm();
  tell_room();
  if (phase_ != Phase::open || blocked_) return;
  if (more) return wake();
  const bool over = nghttp2_session_want_write(session_.get()) == 0 &&
                    nghttp2_session_want_read(session_.get()) == 0;
  if (over) linger();
}

void H2Session::tell_room() {
  for (const auto& stream : streams_) {
    stream->tell_room();
    if (phase_ != Phase::open) return;
  }
}

// ---- ends ----

void H2Session::stream_closed(H2Stream& stream, uint32_t error) {
  if (block_stream_ == stream.id_) block_open_ = false;
  if (stream.keeps()) return keep_closed(stream);
  stream.on_closed(error);
  streams_.erase(stream.self_);
  on_stream_over();
}

void H2Session::go_away(uint32_t error) {
  if (std::exchange(doomed_, true)) return;
  nghttp2_session_terminate_session(session_.get(), error);
  wake();
}

// Closing with unread input would make the kernel send a reset, which may overtake the GOAWAY.
void H2Session::linger() {
  if (peer_ended_) return close(!streams_.empty());
  phase_ = Phase::linger;
  tell_all_closed(NGHTTP2_NO_ERROR);
  if (phase_ != Phase::linger) return;
  stream_->shutdown_write();
  write_timer_.arm_after(kLingerTime);
  more_to_read_ = true;
  wake();
}

void H2Session::tell_all_closed(uint32_t error) {
  for (const auto& stream : streams_) {
    if (stream->keeps()) {
      keep_closed(*stream);
    } else if (!stream->closed_) {
      stream->on_closed(error);
    }
  }
}

void H2Session::note_problem(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

void H2Session::on_write_timeout() {
  note_problem("the peer takes no more bytes");
  close(phase_ == Phase::open);
}

void H2Session::close(bool broken) {
  if (phase_ == Phase::closed) return;
  const bool told = phase_ == Phase::linger;
  phase_ = Phase::closed;
  write_timer_.disarm();
  Deferred::cancel();
  if (stream_ != nullptr && broken) stream_->reset_on_close();
  stream_.reset();
  if (!told) tell_all_closed(NGHTTP2_CONNECT_ERROR);
  end_if_nothing_is_kept();
}

void H2Session::end_if_nothing_is_kept() {
  if (kept_ == 0 && !std::exchange(over_, true)) on_over();
}

}  // namespace warmgate::transport
