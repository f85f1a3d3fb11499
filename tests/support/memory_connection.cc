#include "support/memory_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace warmgate::test {

using net::IoResult;
using net::IoStatus;

// ---- connection ----

std::unique_ptr<MemoryStream> MemoryConnection::make_stream(Side side, bool connecting) {
  auto stream = std::make_unique<MemoryStream>(loop_, shared_from_this(), side, connecting);
  end_[side].stream = stream.get();
  return stream;
}

void MemoryConnection::set_weather(const Weather& weather) {
  towards_[kServer].reset_after = weather.reset_after_sent;
  towards_[kClient].reset_after = weather.reset_after_received;
}

IoResult MemoryConnection::read(Side side, std::span<char> into) {
  Direction& from = towards_[side];
  if (from.arrived == 0) {
    if (end_[side].broken) return {IoStatus::failed, 0, ECONNRESET};
    return {from.end_arrived ? IoStatus::end : IoStatus::would_block, 0, 0};
  }
  const size_t bytes = loop_.chopped(std::min(from.arrived, into.size()));
  std::memcpy(into.data(), from.bytes.data(), bytes);
  from.bytes.erase(0, bytes);
  from.arrived -= bytes;
  // As the kernel does: a writer that waits is told when a good part is free again.
  if (from.writer_waits && from.bytes.size() <= loop_.settings().capacity * 2 / 3) {
    from.writer_waits = false;
    loop_.at(loop_.now() + loop_.settings().latency,
             [self = shared_from_this(), side] { self->wake(other(side)); });
  }
  return {IoStatus::ok, bytes, 0};
}

IoResult MemoryConnection::write(Side side, std::span<const std::string_view> pieces) {
  Direction& to = towards_[other(side)];
  if (end_[side].broken) return {IoStatus::failed, 0, ECONNRESET};
  if (to.end_sent) return {IoStatus::failed, 0, EPIPE};
  size_t wanted = 0;
  for (std::string_view piece : pieces) wanted += piece.size();
  const size_t room = loop_.settings().capacity - to.bytes.size();
  if (room == 0 && wanted > 0) {
    to.writer_waits = true;
    return {IoStatus::would_block, 0, 0};
  }
  size_t left = std::min(wanted, room);
  if (left > 0 && loop_.random().chance(0.3)) left = loop_.chopped(left);
  const IoResult result{IoStatus::ok, left, 0};
  for (std::string_view piece : pieces) {
    to.bytes.append(piece.substr(0, left));
    left -= std::min(left, piece.size());
  }
  for (size_t sent = 0; sent < result.bytes;) {
    const size_t segment = loop_.chopped(result.bytes - sent);
    sent += segment;
    loop_.at(arrival(to),
             [self = shared_from_this(), side, segment] { self->arrive(other(side), segment); });
  }
  return result;
}

Instant MemoryConnection::arrival(Direction& direction) {
  constexpr uint64_t kJitter = 20'000;  // ns
  Instant when = std::max(direction.last_arrival, loop_.now() + loop_.settings().latency);
  if (loop_.settings().chop) when += Duration(loop_.random().below(kJitter));
  return direction.last_arrival = when;
}

void MemoryConnection::arrive(Side to, size_t bytes) {
  Direction& direction = towards_[to];
  if (end_[to].broken) return;
  if (end_[to].closed) {
    direction.bytes.erase(0, bytes);
    return send_reset(other(to));
  }
  const size_t allowed = direction.reset_after.value_or(SIZE_MAX) - direction.arrived_ever;
  direction.arrived += std::min(bytes, allowed);
  direction.arrived_ever += std::min(bytes, allowed);
  wake(to);
  if (bytes < allowed) return;
  send_reset(kClient);
  send_reset(kServer);
}

void MemoryConnection::end_writing(Side side) {
  Direction& to = towards_[other(side)];
  if (to.end_sent || end_[side].broken) return;
  to.end_sent = true;
  loop_.at(arrival(to), [self = shared_from_this(), side] {
    self->towards_[other(side)].end_arrived = true;
    self->wake(other(side));
  });
}

void MemoryConnection::close(Side side, bool reset) {
  end_[side] = {nullptr, true, end_[side].broken};
  if (end_[side].broken) return;
  if (reset || towards_[side].arrived > 0) return send_reset(other(side));
  end_writing(side);
}

void MemoryConnection::send_reset(Side to) {
  loop_.at(arrival(towards_[to]), [self = shared_from_this(), to] { self->break_end(to); });
}

void MemoryConnection::break_end(Side side) {
  if (end_[side].closed || end_[side].broken) return;
  end_[side].broken = true;
  towards_[side].bytes.clear();
  towards_[side].arrived = 0;
  wake(side);
}

void MemoryConnection::wake(Side side) {
  if (end_[side].stream != nullptr) loop_.ready(end_[side].stream);
}

void MemoryConnection::refuse() {
  connect_error_ = ECONNREFUSED;
  wake(kClient);
}

bool MemoryConnection::readable(Side side) const {
  return towards_[side].arrived > 0 || end_arrived(side);
}

// ---- stream ----

MemoryStream::~MemoryStream() {
  loop_.forget(this);
  connection_->close(side_, reset_on_close_);
}

void MemoryStream::observe(net::StreamObserver* observer) {
  observer_ = observer;
  if (std::exchange(moved_, false)) loop_.ready(this);
}

void MemoryStream::tell() {
  if (observer_ == nullptr) return;
  const auto connection = connection_;  // outlives this
  const Side side = side_;
  if (connecting_) {
    connecting_ = false;
    observer_->on_connected(connection->connect_error());
    if (connection->closed(side) || connection->connect_error() != 0) return;
  } else if (connection->writable(side)) {
    observer_->on_writable();
    if (connection->closed(side)) return;
  }
  if (connection->end_arrived(side) && observer_ != nullptr) {
    observer_->on_end_arrived();
    if (connection->closed(side)) return;
  }
  if (connection->readable(side) && observer_ != nullptr) observer_->on_readable();
}

// ---- listener ----

MemoryListener::MemoryListener(MemoryLoop& loop, const net::Address& address,
                               net::AcceptHandler handler)
    : loop_(loop), address_(address), handler_(std::move(handler)) {
  loop_.listeners_.push_back(this);
}

MemoryListener::~MemoryListener() {
  std::erase(loop_.listeners_, this);
  for (auto& connection : waiting_) connection->close(kServer, true);
  *alive_ = false;
}

void MemoryListener::take(std::shared_ptr<MemoryConnection> connection) {
  waiting_.push_back(std::move(connection));
  if (waiting_.size() == 1) accept_waiting();
}

void MemoryListener::resume() {
  paused_ = false;
  loop_.at(loop_.now(), [&loop = loop_, address = address_] {
    if (MemoryListener* listener = loop.find_listener(address)) listener->accept_waiting();
  });
}

void MemoryListener::accept_waiting() {
  const net::AcceptHandler handler = handler_;  // a copy: the handler may destroy the listener
  const std::shared_ptr<const bool> alive = alive_;
  while (*alive && !paused_ && !waiting_.empty()) {
    const auto connection = std::move(waiting_.front());
    waiting_.pop_front();
    handler(connection->make_stream(kServer, false));
    connection->wake(kServer);
  }
}

}  // namespace warmgate::test
