#include "net/tcp.h"

#include <netinet/tcp.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/log.h"

namespace warmgate::net {
namespace {

constexpr int kBacklog = 4096;
constexpr Duration kAcceptPause = 100ms;

void set_option(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

// What to do about the failures of bind() that people meet.
std::string bind_failure(const Address& at, int error) {
  const std::string where = "cannot listen on " + at.to_string() + ": ";
  if (error == EADDRINUSE) {
    return where + "port " + std::to_string(at.port()) +
           " is in use; stop the program that holds it or choose another port";
  }
  if (error == EACCES) return where + "permission denied; ports below 1024 need privileges";
  if (error == EADDRNOTAVAIL) return where + "no interface of this machine has that address";
  if (error == EMFILE) return where + "too few file descriptors; raise the limit (ulimit -n)";
  return where + std::strerror(error);
}

}  // namespace

Result<std::unique_ptr<Stream>> TcpStream::connect(EpollLoop& loop, const Address& to) {
  const int fd = socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return Error{std::string("cannot open a socket: ") + std::strerror(errno) +
                 (errno == EMFILE ? "; raise the limit of file descriptors (ulimit -n)" : "")};
  }
  // A failure at once (no route, say) is told like a later one: the socket becomes an error event.
  if (::connect(fd, to.get(), to.length()) != 0 && errno != EINPROGRESS) {
    const Error failure{"cannot connect to " + to.to_string() + ": " + std::strerror(errno)};
    close(fd);
    return failure;
  }
  return std::unique_ptr<Stream>(std::make_unique<TcpStream>(loop, fd, to, true));
}

TcpStream::TcpStream(EpollLoop& loop, int fd, const Address& peer, bool connecting)
    : loop_(&loop), fd_(fd), connecting_(connecting), peer_(peer) {
  set_option(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
}

TcpStream::~TcpStream() {
  if (watched_) loop_->forget(fd_, this);
  close(fd_);
  if (destroyed_ != nullptr) *destroyed_ = true;
}

void TcpStream::move_to(Loop& loop) {
  WG_ASSERT(!watched_, "a stream that is observed stays where it is");
  loop_ = &static_cast<EpollLoop&>(loop);
}

// What happened before is told, too: adding a descriptor brings an edge of all that is so.
void TcpStream::observe(StreamObserver* observer) {
  observer_ = observer;
  if (watched_) return;
  watched_ = true;
  loop_->add(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
}

// epoll(7): after a short read of a stream socket the next edge comes with new data. But an end
// that was already announced brings no further edge, so then we read up to it.
IoResult TcpStream::read(std::span<char> into) {
  if (drained_) return {IoStatus::would_block, 0, 0};
  for (;;) {
    const ssize_t n = recv(fd_, into.data(), into.size(), 0);
    if (n > 0) {
      drained_ = static_cast<size_t>(n) < into.size() && !peer_ended_;
      return {IoStatus::ok, static_cast<size_t>(n), 0};
    }
    // The kernel tells of a reset once, to a write or a read; then it looks like an end.
    if (n == 0 && broken_ != 0) return {IoStatus::failed, 0, broken_};
    if (n == 0) return {IoStatus::end, 0, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::would_block, 0, 0};
    return {IoStatus::failed, 0, errno};
  }
}

IoResult TcpStream::write(std::span<const std::string_view> pieces) {
  iovec parts[kMaxPieces];
  const size_t count = std::min(pieces.size(), kMaxPieces);
  for (size_t i = 0; i < count; ++i) {
    parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t n = sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (n >= 0) return {IoStatus::ok, static_cast<size_t>(n), 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::would_block, 0, 0};
    if (errno != EPIPE) broken_ = errno;  // EPIPE: after an end, ours or the peer's
    return {IoStatus::failed, 0, errno};
  }
}

void TcpStream::shutdown_write() {
  shutdown(fd_, SHUT_WR);
}

void TcpStream::reset_on_close() {
  const linger hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

void TcpStream::on_events(uint32_t events) {
  const bool readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (readable) drained_ = false;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_ended_ = true;
  if (observer_ == nullptr) return;
  bool destroyed = false;
  destroyed_ = &destroyed;
  if (connecting_) {
    connecting_ = false;
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    observer_->on_connected(error);
    if (destroyed) return;
    if (error != 0) {
      destroyed_ = nullptr;
      return;
    }
  } else if ((events & EPOLLOUT) != 0) {
    observer_->on_writable();
    if (destroyed) return;
  }
  if (peer_ended_ && observer_ != nullptr) {
    observer_->on_end_arrived();
    if (destroyed) return;
  }
  if (readable && observer_ != nullptr) {
    observer_->on_readable();
    if (destroyed) return;
  }
  destroyed_ = nullptr;
}

Result<std::unique_ptr<Listener>> TcpListener::open(EpollLoop& loop, const Address& at,
                                                    AcceptHandler handler) {
  const int fd = socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 && errno == EAFNOSUPPORT && at.ip() == "::") {  // "all interfaces" without any IPv6
    return open(loop, *Address::from_ip("0.0.0.0", at.port()), std::move(handler));
  }
  if (fd < 0) return Error{bind_failure(at, errno)};
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd, at.get(), at.length()) != 0 || ::listen(fd, kBacklog) != 0) {
    const Error failure{bind_failure(at, errno)};
    close(fd);
    return failure;
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof(bound);
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  const Address address(reinterpret_cast<const sockaddr*>(&bound), length);
  return std::unique_ptr<Listener>(
      std::make_unique<TcpListener>(loop, fd, address, std::move(handler)));
}

TcpListener::TcpListener(EpollLoop& loop, int fd, const Address& bound, AcceptHandler handler)
    : loop_(loop),
      fd_(fd),
      bound_(bound),
      handler_(std::move(handler)),
      resume_later_(loop.timers(), [this] { resume(); }) {
  loop_.add(fd_, EPOLLIN, this);
}

TcpListener::~TcpListener() {
  if (watching_) loop_.forget(fd_, this);
  close(fd_);
  *alive_ = false;
}

void TcpListener::on_events(uint32_t) {
  const AcceptHandler handler = handler_;  // a copy: the handler may destroy the listener
  const std::shared_ptr<const bool> alive = alive_;
  for (int i = 0; i < kAcceptsPerEvent && *alive && watching_; ++i) {
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    const int fd =
        accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) starve(errno);
      break;
    }
    warned_ = false;
    handler(std::make_unique<TcpStream>(
        loop_, fd, Address(reinterpret_cast<const sockaddr*>(&peer), length), false));
  }
}

// The connection stays in the kernel's queue; a level-triggered loop would spin on it.
void TcpListener::starve(int error) {
  if (!warned_) {
    log_warning("net", "new connections to " + bound_.to_string() +
                           " wait: " + std::strerror(error) +
                           (error == EMFILE ? "; raise the limit (ulimit -n)" : ""));
  }
  warned_ = true;
  pause();
  resume_later_.arm_after(kAcceptPause);
}

void TcpListener::pause() {
  if (watching_) loop_.forget(fd_, this);
  watching_ = false;
  resume_later_.disarm();  // the owner's pause outlasts our own
}

void TcpListener::resume() {
  if (!watching_) loop_.add(fd_, EPOLLIN, this);
  watching_ = true;
  resume_later_.disarm();
}

}  // namespace warmgate::net
