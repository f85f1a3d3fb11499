// The two ends of a connection in a MemoryLoop's network, and what is between them.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "support/memory_network.h"

namespace warmgate::test {

enum Side : int { kClient = 0, kServer = 1 };
inline Side other(Side side) {
  return side == kClient ? kServer : kClient;
}

class MemoryConnection : public std::enable_shared_from_this<MemoryConnection> {
 public:
  MemoryConnection(MemoryLoop& loop, const net::Address& client, const net::Address& server)
      : loop_(loop), address_{client, server} {}

  std::unique_ptr<MemoryStream> make_stream(Side side, bool connecting);
  void set_weather(const Weather& weather);

  net::IoResult read(Side side, std::span<char> into);
  net::IoResult write(Side side, std::span<const std::string_view> pieces);
  void end_writing(Side side);
  void close(Side side, bool reset);

  void wake(Side side);
  void refuse();  // the client's stream, with an errno in connect_error()
  void send_reset(Side to);

  const net::Address& address(Side side) const { return address_[side]; }
  bool closed(Side side) const { return end_[side].closed; }
  bool readable(Side side) const;
  bool end_arrived(Side side) const { return towards_[side].end_arrived || end_[side].broken; }
  bool writable(Side side) const {
    return !towards_[other(side)].writer_waits || end_[side].broken;
  }
  int connect_error() const { return connect_error_; }

 private:
  struct Direction {     // what is on its way towards one end
    std::string bytes;   // sent and not read
    size_t arrived = 0;  // so many of them have arrived
    size_t arrived_ever = 0;
    std::optional<size_t> reset_after;
    bool end_sent = false;
    bool end_arrived = false;
    bool writer_waits = false;
    Instant last_arrival{};  // nothing overtakes
  };
  struct End {
    MemoryStream* stream = nullptr;
    bool closed = false;
    bool broken = false;  // a reset has arrived
  };

  Instant arrival(Direction& direction);
  void arrive(Side to, size_t bytes);
  void break_end(Side side);

  MemoryLoop& loop_;
  net::Address address_[2];
  Direction towards_[2];
  End end_[2];
  int connect_error_ = 0;
};

class MemoryStream final : public net::Stream {
 public:
  MemoryStream(MemoryLoop& loop, std::shared_ptr<MemoryConnection> connection, Side side,
               bool connecting)
      : loop_(loop), connection_(std::move(connection)), side_(side), connecting_(connecting) {}
  ~MemoryStream() override;

  // All loops of a test are the same one; but what arrives on the way is told when it is there.
  void move_to(net::Loop&) override { moved_ = true; }
  void observe(net::StreamObserver* observer) override;
  net::IoResult read(std::span<char> into) override { return connection_->read(side_, into); }
  net::IoResult write(std::span<const std::string_view> pieces) override {
    return connection_->write(side_, pieces);
  }
  void shutdown_write() override { connection_->end_writing(side_); }
  void reset_on_close() override { reset_on_close_ = true; }
  net::Address peer() const override { return connection_->address(other(side_)); }

  void tell();  // the observer, of an edge

 private:
  MemoryLoop& loop_;
  std::shared_ptr<MemoryConnection> connection_;
  Side side_;
  bool connecting_;
  bool reset_on_close_ = false;
  bool moved_ = false;  // ... and not observed since
  net::StreamObserver* observer_ = nullptr;
};

class MemoryListener final : public net::Listener {
 public:
  MemoryListener(MemoryLoop& loop, const net::Address& address, net::AcceptHandler handler);
  ~MemoryListener() override;
  net::Address address() const override { return address_; }
  void pause() override { paused_ = true; }
  void resume() override;

  void take(std::shared_ptr<MemoryConnection> connection);

 private:
  void accept_waiting();

  MemoryLoop& loop_;
  net::Address address_;
  net::AcceptHandler handler_;
  bool paused_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::deque<std::shared_ptr<MemoryConnection>> waiting_;
};

}  // namespace warmgate::test
