// H2Stream: what both sides of HTTP/2 share of one stream: its bodies in both directions, under
// flow control and back-pressure. What the messages mean is the derived class's, which is a
// Transaction.
//
// Input.   A piece is handed over at once while the body is being read, and its window is given
// back
//          to the peer. While it is paused, pieces are held and the window is not given back, so
//          that at most one window of them comes (H2Limits::stream_window).
// Output.  Waits here until nghttp2 asks for a frame's worth of it, as the windows allow.
// Life.    Owned by its H2Session; destroyed when nghttp2 has closed the stream, or with the
// session.
//          One that outlives_its_end() stays until all that came was handed over.
// Thread.  All on the loop's thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/header_block.h"
#include "transport/send_buffer.h"

namespace warmgate::transport {

class H2Session;

class H2Stream {
 public:
  virtual ~H2Stream();
  H2Stream(const H2Stream&) = delete;
  H2Stream& operator=(const H2Stream&) = delete;

 protected:
  explicit H2Stream(H2Session& session) : session_(session) {}

  int32_t id() const { return id_; }
  bool open() const;  // there is still somebody to send to

  // ---- for the derived class ----
  void read_input();
  void pause_input() { reading_ = false; }
  void discard_input();                   // what was held, and what still comes
  bool put_body(std::string_view piece);  // false: enough for now, on_room() will come
  void put_end(std::span<const http::Field> trailers);
  void reset(uint32_t error);               // RST_STREAM, in both directions
  void abandon();                           // the same with CANCEL, at any time; no call follows
  void opened_as(int32_t id) { id_ = id; }  // by a request of ours
  void* user_data() { return this; }        // what nghttp2 must have of such a one
  bool reading() const { return reading_; }
  bool input_ended() const { return input_ended_; }
  bool output_waits() const { return !out_.empty(); }

  // ---- told to the derived class ----
  virtual void on_block(http::HeaderBlock& block, bool ends) = 0;  // a head, or trailers
  virtual void on_piece(std::string_view piece) = 0;
  virtual void on_input_end(std::span<const http::Field> trailers) = 0;
  virtual void on_room() = 0;
  virtual void on_progress() {}                   // bytes of a body went in or out
  virtual void on_head_sent() {}                  // HEADERS of ours is on its way
  virtual void on_all_sent() {}                   // the end of what we send is on its way
  virtual void on_head_refused(int /*error*/) {}  // nghttp2's: a request is not sent; it closes
  virtual void on_reset_by_peer() {}              // it closes
  // What was received to its end, and was not handed over yet, is still wanted when the stream is
  // closed. Then on_closed() does not come.
  virtual bool outlives_its_end() const { return false; }
  // The stream is over, and destroyed after the call. `error` is HTTP/2's.
  virtual void on_closed(uint32_t error) = 0;

  // For on_block(): false when they are malformed.
  bool take_trailers(http::HeaderBlock& block);
  void take_end();  // the peer's END_STREAM

 private:
  friend class H2Session;
  friend struct H2Callbacks;
  static constexpr size_t kPiece = 64 * 1024;  // handed over at a time, of what was held

  struct Trailers {
    http::HeaderBlock block;
    std::vector<http::Field> fields;
  };

  void take(std::string_view piece);
  void deliver();
  bool wants_delivery() const { return reading_ && (!held_.empty() || end_owed()); }
  bool end_owed() const { return input_ended_ && !end_told_ && !discards_; }
  bool keeps() const { return end_owed() && outlives_its_end(); }
  void tell_end();
  ssize_t next_output(size_t most, uint32_t& flags);
  void submit_trailers();
  void resume_output();
  void tell_room();

  H2Session& session_;
  std::list<std::unique_ptr<H2Stream>>::iterator self_;
  int32_t id_ = 0;  // 0: not opened yet

  std::string held_;
  std::unique_ptr<Trailers> in_trailers_;
  bool reading_ = false;
  bool discards_ = false;
  bool input_ended_ = false;
  bool end_told_ = false;

  SendBuffer out_;
  std::vector<std::pair<std::string, std::string>> out_trailers_;
  bool out_ended_ = false;
  bool deferred_ = false;  // nghttp2 waits for resume_output()
  bool full_ = false;      // put_body() said so: on_room() is owed
  bool reset_by_us_ = false;
  bool closed_ = false;  // for nghttp2, or never opened; destroyed when it keeps() nothing
};

}  // namespace warmgate::transport
