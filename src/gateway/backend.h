// Backend: one address that a pool consists of: its name, kept resolved, and its connections.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "config/config.h"
#include "net/resolved_name.h"
#include "net/tls_client.h"
#include "transport/client_pool.h"

namespace warmgate::gateway {

class Backend {
 public:
  struct Settings {
    transport::ClientLimits limits;
    Duration resolve_interval{};
    const net::TlsClientContext* tls = nullptr;  // of an https:// backend
    std::string server_name;                     // empty = the URL's host
  };

  Backend(net::Loop& loop, net::Resolver& resolver, const config::Backend& config,
          const Settings& settings, std::function<void()> on_resolved);

  const config::Backend& config() const { return config_; }
  transport::ClientPool& pool() { return pool_; }
  const net::ResolvedName& name() const { return name_; }
  const net::TlsClient* tls() const { return tls_ ? &*tls_ : nullptr; }

  // Called when no address could be connected to: perhaps the name has moved.
  void refresh_addresses() { name_.refresh_soon(); }

 private:
  // The same problem is not logged again within this time, however often it comes and goes.
  static constexpr Duration kLogAgain = 1min;
  void log_problem();

  net::Loop& loop_;
  const config::Backend config_;
  std::optional<net::TlsClient> tls_;
  transport::ClientPool pool_;
  net::ResolvedName name_;
  std::string logged_;  // the problem that was logged last
  Instant logged_at_{};
  bool logged_open_ = false;  // ... and that it is over was not
};

}  // namespace warmgate::gateway
