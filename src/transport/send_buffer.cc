#include "transport/send_buffer.h"

#include <algorithm>
#include <array>

namespace warmgate::transport {

net::IoStatus SendBuffer::write(net::Stream& stream, std::string_view piece) {
  net::IoStatus status = net::IoStatus::ok;
  while (!empty() || !piece.empty()) {
    std::array<std::string_view, 2> parts{std::string_view(pending_).substr(sent_), piece};
    const std::span<const std::string_view> span(parts);
    const net::IoResult result = stream.write(parts[0].empty() ? span.subspan(1) : span);
    if (result.status != net::IoStatus::ok) {
      status = result.status;
      break;
    }
    const size_t from_pending = std::min(result.bytes, parts[0].size());
    sent_ += from_pending;
    piece.remove_prefix(result.bytes - from_pending);
  }
  forget_sent();
  if (!piece.empty()) pending_.append(piece);
  return status;
}

void SendBuffer::move_to(SendBuffer& other, size_t bytes) {
  other.pending_.append(pending_, sent_, bytes);
  sent_ += bytes;
  forget_sent();
}

void SendBuffer::forget_sent() {
  if (empty()) release();
  if (sent_ > kSendLow) {
    pending_.erase(0, sent_);
    sent_ = 0;
  }
}

void SendBuffer::release() {
  sent_ = 0;
  if (pending_.capacity() > kKeep) {
    std::string().swap(pending_);
  } else {
    pending_.clear();
  }
}

}  // namespace warmgate::transport
