#include "net/epoll_loop.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "net/tcp.h"

namespace warmgate::net {
namespace {

Instant read_clock() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

class FdWatch final : public EpollLoop::Watch, public Channel {
 public:
  FdWatch(EpollLoop& loop, int fd, uint32_t events, std::function<void()> on_ready)
      : loop_(loop), fd_(fd), on_ready_(std::move(on_ready)) {
    loop_.add(fd_, events, this);
  }
  ~FdWatch() override { loop_.forget(fd_, this); }
  void on_events(uint32_t) override {
    auto on_ready = on_ready_;  // a copy: the callback may destroy the watch
    on_ready();
  }

 private:
  EpollLoop& loop_;
  int fd_;
  std::function<void()> on_ready_;
};

class SignalWatch final : public EpollLoop::Watch, public Channel {
 public:
  SignalWatch(EpollLoop& loop, const sigset_t& signals, std::function<void(int)> handler)
      : loop_(loop), handler_(std::move(handler)) {
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    WG_ASSERT(fd_ >= 0, "signalfd failed");
    loop_.add(fd_, EPOLLIN, this);
  }
  ~SignalWatch() override {
    loop_.forget(fd_, this);
    close(fd_);
  }
  void on_events(uint32_t) override {
    signalfd_siginfo info{};
    if (read(fd_, &info, sizeof(info)) != sizeof(info)) return;
    auto handler = handler_;
    handler(static_cast<int>(info.ssi_signo));
  }

 private:
  EpollLoop& loop_;
  std::function<void(int)> handler_;
  int fd_ = -1;
};

}  // namespace

EpollLoop::EpollLoop() : Loop(read_clock()) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  WG_ASSERT(epoll_ >= 0 && wake_ >= 0, "cannot create an event loop: out of file descriptors");
  wake_watch_ = watch(wake_, [this] { run_posted(); });
}

EpollLoop::~EpollLoop() {
  wake_watch_.reset();
  close(wake_);
  close(epoll_);
}

void EpollLoop::run() {
  stopping_ = false;
  while (!stopping_) {
    wait();
    timers_.advance(read_clock());
    while (batch_next_ < batch_size_) {
      const epoll_event& event = batch_[static_cast<size_t>(batch_next_++)];
      if (event.data.ptr != nullptr) static_cast<Channel*>(event.data.ptr)->on_events(event.events);
    }
    deferred_.run_all();
  }
}

void EpollLoop::stop() {
  stopping_ = true;
}

void EpollLoop::wait() {
  int timeout = -1;
  if (!deferred_.empty()) {
    timeout = 0;
  } else if (const Instant next = timers_.next_deadline(); next != kNever) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - read_clock());
    timeout = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000));
  }
  batch_next_ = 0;  // already now, because a timer may forget() a channel of this batch
  batch_size_ = std::max(0, epoll_wait(epoll_, batch_.data(), kBatch, timeout));
}

void EpollLoop::post(std::function<void()> work) {
  {
    std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(work));
  }
  const uint64_t one = 1;
  // The counter cannot overflow in practice, and a full counter is readable all the same.
  [[maybe_unused]] auto written = write(wake_, &one, sizeof(one));
}

void EpollLoop::run_posted() {
  uint64_t count = 0;
  [[maybe_unused]] auto got = read(wake_, &count, sizeof(count));
  std::vector<std::function<void()>> work;
  {
    std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
  }
  for (auto& item : work) item();
}

double EpollLoop::wall_seconds() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Result<std::unique_ptr<Stream>> EpollLoop::connect(const Address& to) {
  return TcpStream::connect(*this, to);
}

Result<std::unique_ptr<Listener>> EpollLoop::listen(const Address& at, AcceptHandler handler) {
  return TcpListener::open(*this, at, std::move(handler));
}

std::unique_ptr<EpollLoop::Watch> EpollLoop::watch(int fd, std::function<void()> on_ready,
                                                   Interest interest) {
  uint32_t events = 0;
  if (interest != Interest::write) events |= EPOLLIN;
  if (interest != Interest::read) events |= EPOLLOUT;
  return std::make_unique<FdWatch>(*this, fd, events, std::move(on_ready));
}

std::unique_ptr<EpollLoop::Watch> EpollLoop::on_signals(std::initializer_list<int> signals,
                                                        std::function<void(int)> handler) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  return std::make_unique<SignalWatch>(*this, set, std::move(handler));
}

void EpollLoop::add(int fd, uint32_t events, Channel* channel) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = channel;
  const int failed = epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  WG_ASSERT(failed == 0, "epoll_ctl failed to add a descriptor");
}

void EpollLoop::forget(int fd, Channel* channel) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  // Events of this batch that were not told yet must not reach a channel that is gone.
  for (int i = batch_next_; i < batch_size_; ++i) {
    auto& event = batch_[static_cast<size_t>(i)];
    if (event.data.ptr == channel) event.data.ptr = nullptr;
  }
}

}  // namespace warmgate::net
