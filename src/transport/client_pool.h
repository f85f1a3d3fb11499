// ClientPool: keep-alive connections to one backend, and transactions on them.
//
// Reuse.   The connection used last is taken first, so that the rest may time out.
// Failover. A name may stand for several addresses: a connection that cannot be opened tries the
//           next, and the pool remembers which one answered.
// Bounds.  At most `max_idle` idle connections; how many are busy is the caller's to bound.
// Thread.  All on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "http/head_parser.h"
#include "net/loop.h"
#include "net/tls_client.h"
#include "transport/transaction.h"

namespace warmgate::transport {

struct ClientLimits {
  http::HeadLimits head;
  Duration connect_timeout = 2s;  // per address, TLS handshake included
  Duration keep_alive = 50s;      // of an idle connection
  uint32_t max_idle = 64;
};

struct ClientStats {
  uint64_t opened = 0;  // connections that were established
  uint64_t reused = 0;  // transactions on a connection that had served one before
  uint64_t failed = 0;  // connections that could not be opened
};

class H1ClientConnection;

class ClientPool {
 public:
  // With `tls`, which outlives the pool, every connection is TLS.
  ClientPool(net::Loop& loop, const ClientLimits& limits, net::TlsClient* tls = nullptr);
  ~ClientPool();  // running transactions end without a further call to their handlers

  // Connections in use go on; idle ones to other addresses are closed.
  void set_addresses(std::vector<net::Address> addresses);
  bool has_address() const { return !addresses_.empty(); }

  // A transaction on an idle or a new connection; it lives until its end. Never fails at once:
  // failures are told by on_failed().
  ClientTransaction& begin(ClientHandler& handler);

  // Opens connections until `count` are idle or on their way, within max_idle.
  void preconnect(uint32_t count);

  size_t idle() const { return idle_.size(); }
  size_t connections() const { return idle_.size() + busy_.size(); }
  const ClientStats& stats() const { return stats_; }
  // Why no connection could be opened lately; empty when the last one could.
  const std::string& connect_problem() const { return connect_problem_; }
  // Calls back when that changes.
  void on_problem(std::function<void()> told) { on_problem_ = std::move(told); }

 private:
  friend class H1ClientConnection;
  class Graveyard final : public net::Deferred {
   public:
    explicit Graveyard(ClientPool& pool) : pool_(pool) {}
    void run() override;

   private:
    ClientPool& pool_;
  };
  using Connections = std::list<std::unique_ptr<H1ClientConnection>>;

  Result<std::unique_ptr<net::Stream>> connect(const net::Address& address);
  void note_problem(const std::string& problem);
  H1ClientConnection& open();
  void prefer(const net::Address& address);
  void make_idle(Connections::iterator connection);
  void bury(Connections& from, Connections::iterator connection);

  net::Loop& loop_;
  ClientLimits limits_;
  std::vector<net::Address> addresses_;
  size_t preferred_ = 0;  // index of the address that answered last
  net::TlsClient* tls_;
  ClientStats stats_;
  std::string connect_problem_;
  std::function<void()> on_problem_;
  Connections idle_;  // used last first
  Connections busy_;  // with a transaction, or opened ahead and not established yet
  Connections dead_;
  Graveyard graveyard_{*this};
};

}  // namespace warmgate::transport
