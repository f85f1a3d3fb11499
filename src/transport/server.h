// Server: accepts connections and hands their requests to an Application.
//
// Protocol. HTTP/1, or HTTP/2 where the client begins with its preface: over TLS as agreed by ALPN,
//          in clear text by prior knowledge.
// Bounds.  At most `max_connections`; further ones wait in the kernel's backlog until one ends.
// Helpers. A server may hand connections on to others, each on a loop and a thread of its own:
// every
//          new one goes to whichever has the fewest, and the bound is for all of them together.
//          Kernels spread by hash or by who wakes first, which few and long connections bear badly.
// Thread.  All on the loop's thread, but for what says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <vector>

#include "http/head_parser.h"
#include "net/loop.h"
#include "net/tls_server.h"
#include "transport/h2_limits.h"
#include "transport/transaction.h"

namespace warmgate::transport {

class Application {
 public:
  virtual ~Application() = default;
  // A request's head is here. Its views live only during the call. The application keeps the
  // transaction and sets a handler, or answers at once.
  virtual void on_request(const http::RequestHead& head, ServerTransaction& transaction) = 0;
};

struct ServerLimits {
  http::HeadLimits head;
  uint32_t max_connections = 10'000;
  Duration header_timeout = 10s;  // from the first byte of a head to its end
  Duration body_timeout = 30s;    // longest pause within a request body
  Duration write_timeout = 30s;   // longest pause of a client that does not read its response
  Duration keep_alive = 75s;      // an idle connection
  H2Limits h2{};
};

struct ServerStats {
  uint64_t connections = 0;     // accepted so far
  uint64_t requests = 0;        // heads handed to the application
  uint64_t refused = 0;         // malformed or oversized heads and bodies answered by the transport
  uint64_t h2_connections = 0;  // of those accepted, the ones that speak HTTP/2
  uint64_t h2_requests = 0;     // of those handed over, the ones that came by HTTP/2
  uint64_t h2_floods = 0;       // connections that were ended because they kept us busy for nothing
};

class Server;

// What a Server has of its connections.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  virtual void drain() = 0;  // end when idle, else after what runs

 protected:
  using List = std::list<std::unique_ptr<ServerConnection>>;
  List::iterator self_;

 private:
  friend class Server;
};

class Server {
 public:
  Server(net::Loop& loop, Application& application, const ServerLimits& limits);
  ~Server();

  // What its connections speak TLS by where a listener asks for it; it outlives the server.
  void use_tls(net::TlsServer* tls) { tls_ = tls; }
  // Before listen(). The helpers end when this server's loop runs no more, and theirs neither.
  void share_with(const std::vector<Server*>& helpers);
  enum class Security : uint8_t { clear, tls };
  Status listen(const net::Address& address, Security security = Security::clear);
  net::Address address(size_t listener = 0) const { return listeners_[listener]->address(); }

  // Stops accepting and ends idle connections; the others end after their present response.
  void drain();
  bool draining() const { return draining_; }
  size_t connections() const { return connections_.size(); }
  const ServerStats& stats() const { return stats_; }

  // Its own and those of its helpers; on this server's thread. Some may be on their way to them.
  size_t connections_of_all() const { return crew_->connections.load(); }

  // For a stream that came another way: a test's.
  void accept(std::unique_ptr<net::Stream> stream);

 private:
  friend class H1ServerConnection;
  friend class H2ServerConnection;
  friend class H2ServerStream;
  class Graveyard final : public net::Deferred {
   public:
    explicit Graveyard(Server& server) : server_(server) {}
    void run() override;

   private:
    Server& server_;
  };
  using Connections = ServerConnection::List;

  // What a server shares with its helpers. Thread-safe.
  struct Crew {
    explicit Crew(Server& server) : lead(server) {}
    Server& lead;  // which listens
    std::atomic<uint32_t> connections{0};
  };

  void hand_out(std::unique_ptr<net::Stream> stream, Security security);
  void take(std::unique_ptr<net::Stream> stream, Security security);
  void count_ended();
  void pause();
  void resume();
  void add(std::unique_ptr<ServerConnection> connection);
  // A connection has turned out to speak HTTP/2: its stream, and what was read of it.
  void speak_h2(std::unique_ptr<net::Stream> stream, std::string_view begun);
  void bury(Connections::iterator connection);

  net::Loop& loop_;
  Application& application_;
  ServerLimits limits_;
  ServerStats stats_;
  bool draining_ = false;
  net::TlsServer* tls_ = nullptr;
  std::shared_ptr<Crew> crew_;
  std::vector<Server*> helpers_;
  std::atomic<uint32_t> held_{0};  // connections, and those on their way here
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  Connections connections_;
  Connections dead_;  // ended; destroyed when nobody is inside of them any more
  Graveyard graveyard_{*this};
};

}  // namespace warmgate::transport
