// TlsContexts: what the configuration says of TLS, with its files loaded. Services with the same
// settings share one context, and so one set of roots in memory.
//
// Errors.  The first is kept until the gateway is to start, which it makes impossible.
// Thread.  All on the loop's thread.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "net/tls_client.h"
#include "net/tls_server.h"

namespace warmgate::gateway {

class TlsContexts {
 public:
  explicit TlsContexts(double wall_seconds) : wall_seconds_(wall_seconds) {}

  // nullptr when something is wrong with the files; `where` is named in problem() then.
  const net::TlsClientContext* client(const config::UpstreamTls& tls, std::string_view where);

  const std::string& problem() const { return problem_; }

 private:
  struct Client {
    net::TlsClientSettings settings;
    net::TlsClientContext context;
  };

  const double wall_seconds_;
  std::list<Client> clients_;
  std::string problem_;
};

// What a listener with TLS needs.
net::TlsServerSettings server_settings(const config::DownstreamTls& tls);

// Loads all that the configuration names; a sentence about the first fault, or nothing.
std::optional<std::string> find_tls_fault(const config::Config& config, double wall_seconds);

}  // namespace warmgate::gateway
