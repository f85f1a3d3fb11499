// Stream: a two-way byte stream, non-blocking. TCP, TLS over another Stream, an in-memory pipe in
// tests: the code above does not know which.
//
// Model.   Edge-triggered: after would_block, wait for the observer's call before trying again.
//          Errors and the peer's close are seen by reading.
// Life.    Destroying a Stream closes it, also from within an observer's call; no call follows.
// Thread.  All on the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/address.h"

namespace warmgate::net {

enum class IoStatus : uint8_t { ok, would_block, end, failed };

struct IoResult {
  IoStatus status = IoStatus::ok;
  size_t bytes = 0;  // with ok: more than zero
  int error = 0;     // with failed: an errno
};

class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  // A connecting stream is connected (error 0) or never will be (an errno). Once, never for an
  // accepted stream.
  virtual void on_connected(int error) = 0;
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;
  // The peer's end or a reset is here, perhaps behind bytes that were not read: who has no use for
  // those learns it all the same. on_readable() follows; it may come more than once.
  virtual void on_end_arrived() {}
};

class Loop;

class Stream {
 public:
  virtual ~Stream() = default;
  // Makes it a stream of another loop, on whose thread it is used from then on. Only of an accepted
  // one that was not observed yet.
  virtual void move_to(Loop& loop) = 0;
  virtual void observe(StreamObserver* observer) = 0;
  virtual IoResult read(std::span<char> into) = 0;
  // Writes the pieces in order, as much as fits: at most kMaxPieces of them. What was not taken is
  // written again before anything else, with the same bytes.
  static constexpr size_t kMaxPieces = 4;
  virtual IoResult write(std::span<const std::string_view> pieces) = 0;
  virtual void shutdown_write() = 0;  // the peer will read an end; reading goes on
  virtual void reset_on_close() = 0;  // closing sends a reset: the peer must not take it for an end
  virtual Address peer() const = 0;
  virtual bool secure() const { return false; }  // nobody on the way can read along
  // That both sides agreed on by ALPN (RFC 7301), once the handshake is over; empty for none.
  virtual std::string_view protocol() const { return {}; }
  // What went wrong, for people, where there is more to say than an errno does.
  virtual std::string problem() const { return {}; }
};

class Listener {
 public:
  virtual ~Listener() = default;        // stops accepting; accepted streams live on
  virtual Address address() const = 0;  // with the port that was really bound
  virtual void pause() = 0;             // new connections wait in the kernel's backlog
  virtual void resume() = 0;            // no effect unless paused
};

using AcceptHandler = std::function<void(std::unique_ptr<Stream>)>;

}  // namespace warmgate::net
