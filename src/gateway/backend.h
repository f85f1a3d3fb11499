// Backend: one address that a pool consists of: its name, kept resolved, and its connections.
#pragma once

#include <functional>

#include "config/config.h"
#include "net/resolved_name.h"
#include "transport/client_pool.h"

namespace warmgate::gateway {

class Backend {
 public:
  Backend(net::Loop& loop, net::Resolver& resolver, const config::Backend& config,
          const transport::ClientLimits& limits, Duration resolve_interval,
          std::function<void()> on_resolved)
      : config_(config),
        pool_(loop, limits),
        name_(loop, resolver, config.host, config.port, {1s, resolve_interval},
              [this, on_resolved = std::move(on_resolved)] {
                pool_.set_addresses(name_.addresses());
                on_resolved();
              }) {
    pool_.set_addresses(name_.addresses());
  }

  const config::Backend& config() const { return config_; }
  transport::ClientPool& pool() { return pool_; }
  const net::ResolvedName& name() const { return name_; }

  // Called when no address could be connected to: perhaps the name has moved.
  void refresh_addresses() { name_.refresh_soon(); }

 private:
  const config::Backend config_;
  transport::ClientPool pool_;
  net::ResolvedName name_;
};

}  // namespace warmgate::gateway
