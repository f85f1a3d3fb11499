// Connector: opens one connection to a backend.
//
// Failover. A name may stand for several addresses: one after another is tried, each with a time
//           limit that includes the TLS handshake.
// Calls.    One of its owner's two calls comes, once, and never from within the constructor. The
//           owner may not destroy the Connector within it. Destruction ends it without a call.
// Thread.   All on the loop's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/tls_client.h"

namespace warmgate::transport {

struct ConnectProblem {
  bool timed_out = false;  // of the address that was tried last
  std::string detail;      // for people
};

class Connector final : private net::StreamObserver, private net::Deferred {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_open(Connector& connector, std::unique_ptr<net::Stream> stream) = 0;
    virtual void on_not_open(Connector& connector, ConnectProblem problem) = 0;
  };
  struct Way {
    std::vector<net::Address> addresses;
    size_t first = 0;       // the index of the one to begin with
    Duration limit{};       // per address
    net::TlsClient* tls{};  // nullptr: clear text
    net::TlsOffer offer{};  // with TLS
    // With TLS, a connection on which the server did not agree to HTTP/2 is a failure.
    bool only_h2() const { return tls != nullptr && offer == net::TlsOffer::h2; }
  };

  Connector(net::Loop& loop, Owner& owner, Way way);
  ~Connector() override;

  const Way& way() const { return way_; }

 private:
  // net::StreamObserver and net::Deferred
  void on_connected(int error) override;
  void on_readable() override {}
  void on_writable() override {}
  void run() override;

  void try_next();
  void note_failure(int error);

  net::Loop& loop_;
  Owner& owner_;
  const Way way_;
  size_t tried_ = 0;
  std::unique_ptr<net::Stream> stream_;
  net::Timer timer_;
  ConnectProblem problem_{false, "no address is known"};
};

}  // namespace warmgate::transport
