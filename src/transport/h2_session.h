// H2Session: one HTTP/2 connection, either side: nghttp2 between a Stream and H2Streams.
//
// Order.   Bytes that come are fed to nghttp2, whose callbacks tell the streams; what these want to
//          send is only queued. It leaves after the batch of events, in run(): nghttp2 does not
//          allow sending from within its callbacks.
// Bounds.  See h2_limits.h. Reading stops while the peer takes nothing and kMaxQueuedFrames answers
//          wait for it.
// Life.    close() is the end: every stream that is open is told, then on_over(); later, where a
//          stream still has something to hand over.
// Thread.  All on the loop's thread.
// Source.  RFC 9113.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "http/header_block.h"
#include "net/loop.h"
#include "transport/h2_flood_guard.h"
#include "transport/h2_limits.h"
#include "transport/h2_stream.h"
#include "transport/send_buffer.h"

struct nghttp2_session;

namespace warmgate::transport {

class H2Session : private net::StreamObserver, private net::Deferred {
 public:
  ~H2Session() override;

  // ---- for streams ----
  nghttp2_session* get() const { return session_.get(); }
  bool open() const { return phase_ == Phase::open; }
  void wake() { loop_.defer(*this); }
  void want_delivery() {
    deliveries_wanted_ = true;
    wake();
  }
  // Closed, but in the list until it keeps nothing.
  void keep_closed(H2Stream& stream);
  // Why the connection is over, for people.
  const std::string& problem() const { return problem_; }
  // Received bytes: given back to the windows at once; kept by a stream; no longer kept.
  void consume(int32_t stream, size_t bytes);
  void hold(size_t bytes);
  void release(int32_t stream, size_t bytes);
  // Bytes that streams have to send.
  void note_buffered(size_t bytes) { buffered_ += bytes; }
  void note_sent(size_t bytes) { buffered_ -= bytes; }
  bool is_full(size_t own) const {
    return own >= kSendHigh || (own > 0 && buffered_ >= limits_.send_bytes);
  }
  bool has_room(size_t own) const {
    return own <= kSendLow && (own == 0 || buffered_ < limits_.send_bytes);
  }

 protected:
  enum class Role : uint8_t { server, client };
  H2Session(net::Loop& loop, Role role, const H2Limits& limits, const http::HeadLimits& head,
            Duration write_timeout);

  // Takes over a connected stream, of which `begun` was read already.
  void start(std::unique_ptr<net::Stream> stream, std::string_view begun);
  void read_more();
  H2Stream& adopt(std::unique_ptr<H2Stream> stream);              // one that will open itself
  H2Stream& adopt(std::unique_ptr<H2Stream> stream, int32_t id);  // an opened one
  const std::list<std::unique_ptr<H2Stream>>& streams() const { return streams_; }
  bool block_open() const { return block_open_; }  // a head has begun and is not complete
  net::Stream* stream() const { return stream_.get(); }
  net::Loop& loop() const { return loop_; }
  const H2Limits& limits() const { return limits_; }
  bool flooded() const { return flooded_; }
  bool doomed() const { return doomed_; }
  void note_problem(std::string problem);  // the first is the one that is told

  void go_away(uint32_t error);  // GOAWAY, then the end
  void close(bool broken);       // at once; `broken`: the peer shall not take it for an end

  // A request's head begins (servers); nullptr refuses the stream.
  virtual H2Stream* open_stream(int32_t /*id*/) { return nullptr; }
  virtual void on_settings() {}
  virtual void on_ping_answered() {}
  virtual void on_goaway(int32_t /*last_stream*/, uint32_t /*error*/) {}
  virtual void on_fed() {}          // bytes were understood
  virtual void on_stream_over() {}  // within nghttp2
  virtual void on_turn() {}         // after each batch, outside of nghttp2; may end the session
  virtual void on_over() = 0;       // closed; may not destroy this at once

 private:
  friend struct H2Callbacks;
  static constexpr int kReadsPerEvent = 4;  // then other connections have their turn
  static constexpr int kWritesPerEvent = 4;
  static constexpr size_t kFill = 64 * 1024;        // frames made ahead of the kernel's taking them
  static constexpr size_t kMaxQueuedFrames = 1000;  // that wait for a peer that does not read
  static constexpr size_t kHeadsOfFlood = 8;  // a head so many times too long ends the connection
  static constexpr size_t kLingerBytes = 1024 * 1024;  // discarded after our end
  static constexpr Duration kLingerTime = 2s;

  enum class Phase : uint8_t { open, linger, closed };
  struct SessionFree {
    void operator()(nghttp2_session* session) const;
  };

  // net::StreamObserver and net::Deferred
  void on_connected(int) override {}
  void on_readable() override { read_more(); }
  void on_writable() override;
  void on_end_arrived() override;
  void run() override;

  void feed(std::string_view bytes);
  void note_end(bool failed);
  bool stuck() const;
  void deliver();
  void sweep();
  void end_if_nothing_is_kept();
  void pump();
  bool fill();
  void tell_room();
  void linger();
  void tell_all_closed(uint32_t error);
  void settle_window();
  void on_write_timeout();

  // From nghttp2's callbacks.
  void note_idle_frame();
  void note_reset();
  void begin_block(int32_t id, bool opens);
  void add_to_block(std::string_view name, std::string_view value);
  void end_block(H2Stream* stream, bool ends);
  bool send_data(H2Stream& stream, std::string_view frame_head, size_t bytes);
  void stream_closed(H2Stream& stream, uint32_t error);

  net::Loop& loop_;
  const Role role_;
  const H2Limits limits_;
  const http::HeadLimits head_limits_;
  const Duration write_timeout_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<nghttp2_session, SessionFree> session_;
  H2FloodGuard guard_;
  http::HeaderBlock block_;
  SendBuffer send_;
  net::Timer write_timer_;  // and the end of lingering
  std::list<std::unique_ptr<H2Stream>> streams_;

  std::string problem_;
  size_t kept_ = 0;      // streams that are closed and in the list
  size_t held_ = 0;      // by all streams
  size_t owed_ = 0;      // of these, not given back to the connection's window
  size_t buffered_ = 0;  // by all streams
  size_t lingered_ = 0;
  int32_t block_stream_ = 0;
  Phase phase_ = Phase::open;
  bool block_open_ = false;
  bool deliveries_wanted_ = false;
  bool flooded_ = false;
  bool doomed_ = false;  // GOAWAY is on its way; input is ignored
  bool over_ = false;    // on_over() was called
  bool blocked_ = false;
  bool peer_ended_ = false;
  bool end_arrived_ = false;
  bool more_to_read_ = false;
};

}  // namespace warmgate::transport
