// EpollLoop: the real Loop. One epoll, edge-triggered for streams, one thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <vector>

#include "net/loop.h"

namespace warmgate::net {

// Whoever is told of a descriptor's events. Internal to net/.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void on_events(uint32_t events) = 0;
};

class EpollLoop final : public Loop {
 public:
  EpollLoop();
  ~EpollLoop() override;

  void run();   // until stop()
  void stop();  // from the loop's thread; the present batch is finished first

  void post(std::function<void()> work) override;

  double wall_seconds() const override;
  Result<std::unique_ptr<Stream>> connect(const Address& to) override;
  Result<std::unique_ptr<Listener>> listen(const Address& at, AcceptHandler handler) override;

  // Calls back while `fd` is readable (level-triggered), until the watch is destroyed. The
  // descriptor stays the caller's. For pipes, pidfds and the like.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  enum class Interest : uint8_t { read, write, both };
  std::unique_ptr<Watch> watch(int fd, std::function<void()> on_ready,
                               Interest interest = Interest::read);

  // Calls back on this loop for the given signals, which are blocked for the calling thread (and
  // for threads that it starts afterwards).
  std::unique_ptr<Watch> on_signals(std::initializer_list<int> signals,
                                    std::function<void(int signal)> handler);

  // For channels.
  void add(int fd, uint32_t events, Channel* channel);
  void forget(int fd, Channel* channel);

 private:
  static constexpr int kBatch = 256;
  void wait();
  void run_posted();

  int epoll_ = -1;
  int wake_ = -1;  // eventfd: posted work
  bool stopping_ = false;
  std::array<epoll_event, kBatch> batch_;
  int batch_size_ = 0;
  int batch_next_ = 0;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by posted_mutex_
  std::unique_ptr<Watch> wake_watch_;
};

}  // namespace warmgate::net
