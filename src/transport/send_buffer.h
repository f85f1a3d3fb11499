// SendBuffer: bytes on their way into a stream. Small writes are gathered; a large piece goes to
// the kernel directly, and only what it does not take is copied.
//
// Bounds.  None of its own: the transactions above stop at kSendHigh.
#pragma once

#include <string>
#include <string_view>

#include "net/stream.h"

namespace warmgate::transport {

inline constexpr size_t kSendHigh = 256 * 1024;  // send_body() says "full" from here on
inline constexpr size_t kSendLow = 64 * 1024;    // on_writable() comes at or below this
inline constexpr size_t kSendDirect = 8 * 1024;  // a piece this large is not copied first

class SendBuffer {
 public:
  // To append heads and small pieces to.
  std::string& tail() { return pending_; }
  size_t size() const { return pending_.size() - sent_; }
  bool empty() const { return size() == 0; }

  // ok when all is written; would_block when bytes are left; failed when the stream is broken.
  net::IoStatus flush(net::Stream& stream) { return write(stream, {}); }

  // The same with a large piece behind what is pending.
  net::IoStatus write(net::Stream& stream, std::string_view piece);

  // The first `bytes` of what is pending go behind what `other` has.
  void move_to(SendBuffer& other, size_t bytes);

 private:
  static constexpr size_t kKeep = 2 * 1024;  // capacity kept while empty
  void release();
  void forget_sent();  // when that is worth its moving

  std::string pending_;
  size_t sent_ = 0;
};

}  // namespace warmgate::transport
