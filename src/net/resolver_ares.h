// AresResolver: the Resolver that asks /etc/hosts and the DNS, by c-ares on an EpollLoop.
//
// Order.   As RFC 6724 sorts the addresses for this machine. A family for which this machine has
//          no route is left out when the other one has, so that no connection is wasted on it.
// Bounds.  A look-up answers within kLookupLimit, whatever the name servers do.
// Change.  After name servers did not answer, their configuration is read anew.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/epoll_loop.h"
#include "net/resolver.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace warmgate::net {

class AresResolver final : public Resolver {
 public:
  static constexpr Duration kLookupLimit = 10s;

  struct Options {
    std::string servers;         // "ADDR:PORT,ADDR:PORT"; empty for those of the machine
    Duration try_time = 1500ms;  // for an answer to the first question; doubled for the second
  };
  explicit AresResolver(EpollLoop& loop) : AresResolver(loop, Options()) {}
  AresResolver(EpollLoop& loop, Options options);
  ~AresResolver() override;
  [[nodiscard]] std::unique_ptr<Lookup> resolve(const std::string& host, uint16_t port,
                                                Callback callback) override;

 private:
  class AresLookup;
  struct Query;

  void open();
  void reopen_if_stale();
  void watch(int fd, bool readable, bool writable);
  void process(int readable_fd, int writable_fd);
  void arm_timeout();
  void finish(Query& query, int status, ares_addrinfo* answer);
  std::string name_servers() const;

  EpollLoop& loop_;
  const Options options_;
  ares_channeldata* channel_ = nullptr;
  std::map<int, std::unique_ptr<EpollLoop::Watch>> watches_;
  Timer timeout_;       // the next one inside of c-ares
  size_t queries_ = 0;  // inside of c-ares, also those whose Lookup is gone
  bool stale_ = false;  // the name servers did not answer: perhaps they are others by now
};

}  // namespace warmgate::net
