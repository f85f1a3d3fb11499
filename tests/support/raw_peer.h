// RawPeer: one end of a connection for scripts: sends what it is told and collects what comes.
// RawServer: accepts RawPeers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/tls_server.h"

namespace warmgate::test {

class RawPeer final : public net::StreamObserver {
 public:
  RawPeer(net::Loop& loop, const net::Address& to);  // connects
  explicit RawPeer(std::unique_ptr<net::Stream> stream, bool connected = true);

  void send(std::string_view text);  // at once, or when there is room
  void end_writing();                // behind what is still to be sent
  void close() { stream_.reset(); }
  void reset();
  void pause_reading() { reading_ = false; }
  void resume_reading();

  bool connected() const { return connected_; }
  int connect_error() const { return connect_error_; }
  const std::string& received() const { return received_; }
  void clear_received() { received_.clear(); }
  void put_back(std::string_view rest) { received_ = rest; }
  size_t unsent() const { return to_send_.size() - sent_; }
  bool ended() const { return ended_; }    // the other side's end was read
  bool broken() const { return broken_; }  // the connection was reset
  bool over() const { return ended_ || broken_; }
  net::Stream& stream() { return *stream_; }

  // Called after every piece that comes, and at the end. May close the peer, not destroy it.
  std::function<void(RawPeer&)> on_input;

 private:
  void on_connected(int error) override;
  void on_readable() override;
  void on_writable() override;
  void write_more();

  std::unique_ptr<net::Stream> stream_;
  bool connected_ = false;
  int connect_error_ = 0;
  bool reading_ = true;
  bool end_wanted_ = false;
  bool ended_ = false;
  bool broken_ = false;
  std::string to_send_;
  size_t sent_ = 0;
  std::string received_;
};

class RawServer {
 public:
  // `on_input` is given to every peer. With `tls`, each accepted stream is one of its.
  RawServer(net::Loop& loop, const net::Address& at, std::function<void(RawPeer&)> on_input = {},
            net::TlsServer* tls = nullptr);

  net::Address address() const { return listener_->address(); }
  size_t accepted() const { return peers_.size(); }
  RawPeer& peer(size_t index) { return *peers_[index]; }
  RawPeer& last() { return *peers_.back(); }
  net::Listener& listener() { return *listener_; }
  void stop_listening() { listener_.reset(); }

 private:
  std::vector<std::unique_ptr<RawPeer>> peers_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace warmgate::test
