// Gateway: the data plane as a whole: listens, routes requests to services, drains.
//
// Thread.  All on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/router.h"
#include "gateway/access_log.h"
#include "gateway/grpc_health.h"
#include "gateway/service.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "transport/server.h"

namespace warmgate::gateway {

class Gateway final : public transport::Application {
 public:
  // `config` must outlive the gateway. `secret`: of the hashes by which clients are told apart.
  Gateway(net::Loop& loop, net::Resolver& resolver, const config::Config& config,
          AccessLog::Sink access_sink, uint64_t seed, HashKey secret = {});

  // Waits until each backend's name was looked up, binds all listen addresses and begins the
  // services' probes and timers; then calls `on_started` once, perhaps at once.
  enum class StartFailure : uint8_t { none, bad_tls, unresolved_name, cannot_listen };
  using StartHandler = std::function<void(StartFailure, std::string problem)>;
  void start(StartHandler on_started);
  bool started() const { return started_; }

  // Stops accepting, ends what waits with 503 and lets what runs finish.
  void drain();
  bool draining() const { return draining_; }
  bool drained() const;
  // Ends what has no end of its own: to be called when a drain has taken long enough.
  void cut_tunnels();

  const config::Config& config() const { return config_; }
  const std::vector<std::unique_ptr<Service>>& services() const { return services_; }
  const Service* find_service(std::string_view name) const;  // nullptr: there is none
  const transport::ServerStats& server_stats() const { return server_.stats(); }
  size_t connections() const { return server_.connections(); }
  const net::TlsServer* tls_server() const { return tls_server_.get(); }
  net::Address address(size_t listener = 0) const { return server_.address(listener); }
  uint64_t unrouted() const { return unrouted_; }  // requests that no service matched
  Instant started_at() const { return started_at_; }

  // For a stream that came another way than by a listener: a test's.
  void accept(std::unique_ptr<net::Stream> stream) { server_.accept(std::move(stream)); }

  // transport::Application
  void on_request(const http::RequestHead& head,
                  transport::ServerTransaction& transaction) override;

 private:
  Status open_tls();
  GrpcHealth::Serving serving(std::string_view service) const;
  Service* route(const http::RequestHead& head);
  void try_start();
  bool names_settled(std::string& problem) const;

  net::Loop& loop_;
  const config::Config& config_;
  config::Router router_;
  AccessLog access_log_;
  Instant started_at_;
  StartHandler on_started_;  // until the start is over
  bool started_ = false;
  bool draining_ = false;
  uint64_t unrouted_ = 0;
  TlsContexts tls_;
  std::unique_ptr<net::TlsServer> tls_server_;  // when a listener wants it
  transport::Server server_;
  GrpcHealth grpc_health_;
  // The server outlives the services: their exchanges let go of its connections.
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace warmgate::gateway
