// ClientPool: connections to one backend, and transactions on them.
//
// Protocol. HTTP/1, one transaction at a time on each connection, or HTTP/2, many: as `protocol`
//          says, or as agreed by ALPN. While that is not known yet, one connection is opened, and
//          what begins meanwhile waits for it.
// Reuse.   Of HTTP/1 the connection used last is taken first, so that the rest may time out; of
//          HTTP/2 the one opened first that has room.
// Failover. A name may stand for several addresses: a connection that cannot be opened tries the
//          next, and the pool remembers which one answered.
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
#include "transport/connector.h"
#include "transport/h2_limits.h"
#include "transport/pending_transaction.h"
#include "transport/transaction.h"

namespace warmgate::transport {

// `automatic`: with TLS what the backend chooses by ALPN, in clear text HTTP/1. `h2` in clear text
// is by prior knowledge.
enum class ClientProtocol : uint8_t { http1, h2, automatic };

struct ClientLimits {
  http::HeadLimits head{};
  Duration connect_timeout = 2s;  // per address, TLS handshake included
  Duration keep_alive = 50s;      // of an idle connection
  uint32_t max_idle = 64;
  ClientProtocol protocol = ClientProtocol::http1;
  Duration write_timeout = 30s;  // HTTP/2: longest time that a backend may take no byte
  H2Limits h2{};
};

struct ClientStats {
  uint64_t opened = 0;     // connections that were established
  uint64_t opened_h2 = 0;  // of these, the ones that speak HTTP/2
  uint64_t reused = 0;     // transactions on a connection that had served one before
  uint64_t failed = 0;     // connections that could not be opened
};

class ClientPool;
class H1ClientConnection;
class H2ClientConnection;

// What a ClientPool has of its connections.
class ClientConnection {
 public:
  virtual ~ClientConnection() = default;
  virtual net::Address peer() const = 0;
  virtual void retire() = 0;  // ends when idle, else after what runs

 protected:
  using List = std::list<std::unique_ptr<ClientConnection>>;
  explicit ClientConnection(ClientPool& pool) : pool_(pool) {}
  ClientPool& pool_;
  List::iterator self_;

 private:
  friend class ClientPool;
};

class ClientPool final : private Connector::Owner {
 public:
  // What a transaction asks of its connection: an upgrade can only be asked for with HTTP/1.
  enum class Need : uint8_t { any, http1 };

  // With `tls`, which outlives the pool, every connection is TLS.
  ClientPool(net::Loop& loop, const ClientLimits& limits, net::TlsClient* tls = nullptr);
  ~ClientPool() override;  // running transactions end without a further call to their handlers

  // Connections to other addresses end, those in use after what runs.
  void set_addresses(std::vector<net::Address> addresses);
  bool has_address() const { return !addresses_.empty(); }

  // A transaction on an open or a new connection; it lives until its end, or until on_connected()
  // names another one. Never fails at once: failures are told by on_failed().
  ClientTransaction& begin(ClientHandler& handler, Need need = Need::any);

  // Opens connections until `count` transactions could begin at once, within max_idle.
  void preconnect(uint32_t count);

  size_t idle() const;
  size_t connections() const { return idle_.size() + busy_.size() + h2_.size() + openings_.size(); }
  const ClientStats& stats() const { return stats_; }
  // Why no connection could be opened lately; empty when the last one could.
  const std::string& connect_problem() const { return connect_problem_; }
  // Calls back when that changes.
  void on_problem(std::function<void()> told) { on_problem_ = std::move(told); }

 private:
  friend class H1ClientConnection;
  friend class H2ClientConnection;
  friend class H2ClientStream;
  class Graveyard final : public net::Deferred {
   public:
    explicit Graveyard(ClientPool& pool) : pool_(pool) {}
    void run() override;

   private:
    ClientPool& pool_;
  };
  using Connections = ClientConnection::List;

  // A connection that is being opened, and who waits for it: nobody when it is opened ahead.
  struct Opening {
    Opening(net::Loop& loop, ClientPool& pool, Connector::Way way, Need kind)
        : need(kind), connector(loop, pool, std::move(way)) {}
    const Need need;
    PendingTransaction::List waiting;
    Connector connector;
  };
  using Openings = std::list<Opening>;

  // Connector::Owner
  void on_open(Connector& connector, std::unique_ptr<net::Stream> stream) override;
  void on_not_open(Connector& connector, ConnectProblem problem) override;

  ClientTransaction& begin_elsewhere(ClientHandler& handler, Need need);
  H2ClientConnection* h2_with_room() const;
  Opening& opening_with_room(Need need);
  size_t room_of(const Opening& opening) const;
  Opening& open(Need need);
  Opening& bury(Connector& connector);
  void speak_h1(std::unique_ptr<net::Stream> stream, Opening& opening);
  void speak_h2(std::unique_ptr<net::Stream> stream, Opening& opening);
  void note_problem(const std::string& problem);
  void prefer(const net::Address& address);
  void make_idle(Connections::iterator connection);
  void bury(Connections& from, Connections::iterator connection);

  net::Loop& loop_;
  ClientLimits limits_;
  std::vector<net::Address> addresses_;
  size_t preferred_ = 0;  // index of the address that answered last
  net::TlsClient* tls_;
  // What connections speak that may speak either: as the last one did, if there was one.
  ClientProtocol spoken_;
  uint32_t ahead_ = 0;  // that preconnect() asked for when that was not known
  ClientStats stats_;
  std::string connect_problem_;
  std::function<void()> on_problem_;
  Connections idle_;  // HTTP/1; used last first
  Connections busy_;  // HTTP/1 with a transaction
  Connections h2_;    // opened first first
  Connections dead_;
  Openings openings_;
  Openings opened_;  // or not: destroyed when nobody is inside of them any more
  Graveyard graveyard_{*this};
};

}  // namespace warmgate::transport
