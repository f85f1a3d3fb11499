// TCP streams and listeners on an EpollLoop. Internal to net/: others use Loop.
#pragma once

#include "net/epoll_loop.h"

namespace warmgate::net {

class TcpStream final : public Stream, public Channel {
 public:
  static Result<std::unique_ptr<Stream>> connect(EpollLoop& loop, const Address& to);
  TcpStream(EpollLoop& loop, int fd, const Address& peer, bool connecting);
  ~TcpStream() override;

  void move_to(Loop& loop) override;
  void observe(StreamObserver* observer) override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const std::string_view> pieces) override;
  void shutdown_write() override;
  void reset_on_close() override;
  Address peer() const override { return peer_; }

  void on_events(uint32_t events) override;

 private:
  EpollLoop* loop_;
  int fd_;
  bool connecting_;
  bool watched_ = false;  // by the loop: from the first observer on
  bool drained_ = false;  // a short read emptied the kernel's buffer: no need to ask again
  bool peer_ended_ = false;
  int broken_ = 0;             // the errno of a failure that a write was told of
  bool* destroyed_ = nullptr;  // set while an observer is being called
  StreamObserver* observer_ = nullptr;
  Address peer_;
};

class TcpListener final : public Listener, public Channel {
 public:
  static Result<std::unique_ptr<Listener>> open(EpollLoop& loop, const Address& at,
                                                AcceptHandler handler);
  TcpListener(EpollLoop& loop, int fd, const Address& bound, AcceptHandler handler);
  ~TcpListener() override;
  Address address() const override { return bound_; }
  void pause() override;
  void resume() override;
  void on_events(uint32_t events) override;

 private:
  static constexpr int kAcceptsPerEvent = 64;  // then other connections have their turn
  void starve(int error);                      // no descriptor or memory for another connection

  EpollLoop& loop_;
  int fd_;
  bool watching_ = true;
  bool warned_ = false;                                               // of the present want
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // told to a running handler
  Address bound_;
  AcceptHandler handler_;
  Timer resume_later_;
};

}  // namespace warmgate::net
