// Worker: one thread's part of the gateway: its connections, requests, and connections to backends.
// What it shares with the others are the services' Dispatchers, and how many connections there are.
//
// Thread.  All on its loop's thread, but for the constructor and open_tls(): those come before it.
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
#include "gateway/shared_dispatcher.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "transport/server.h"

namespace warmgate::gateway {

// Where a worker runs.
struct Site {
  net::Loop& loop;
  net::Resolver& resolver;
};

// What a worker has in common with the others.
struct Common {
  const config::Config& config;
  AccessLog::Sink access_sink;  // thread-safe where there are several workers
  uint64_t seed = 1;
  HashKey secret{};
  const std::vector<std::unique_ptr<SharedDispatcher>>& dispatchers;  // by service
};

class Worker final : public transport::Application {
 public:
  Worker(uint32_t index, uint32_t workers, const Site& site, const Common& common);

  // What is wrong with the files that the configuration names.
  Status open_tls();
  // The others resume what clients began with the first one.
  void share_tickets(const std::vector<std::unique_ptr<Worker>>& others);

  // Tells, once, perhaps at once, that every backend's name was looked up; `problem` is a sentence
  // about the first that has no address, else empty.
  void when_resolved(std::function<void(std::string problem)> told);

  Status listen(const config::ListenAddress& at);
  void start();  // for the first of them: the services begin
  void drain();  // the first one's drains the services, too
  void cut_tunnels();

  net::Loop& loop() const { return loop_; }
  transport::Server& server() { return server_; }
  const transport::Server& server() const { return server_; }
  const std::vector<std::unique_ptr<Service>>& services() const { return services_; }
  const net::TlsServer* tls_server() const { return tls_server_.get(); }
  uint64_t unrouted() const { return unrouted_; }  // requests that no service matched

  // transport::Application
  void on_request(const http::RequestHead& head,
                  transport::ServerTransaction& transaction) override;

 private:
  GrpcHealth::Serving serving(std::string_view service) const;
  Service* route(const http::RequestHead& head);
  bool names_settled(std::string& problem) const;
  void look_whether_resolved();

  const uint32_t index_;
  net::Loop& loop_;
  const config::Config& config_;
  config::Router router_;
  AccessLog access_log_;
  std::function<void(std::string problem)> on_resolved_;  // until it was called
  uint64_t unrouted_ = 0;
  TlsContexts tls_;
  std::unique_ptr<net::TlsServer> tls_server_;  // when a listener wants it
  transport::Server server_;
  GrpcHealth grpc_health_;
  // The server outlives the services: their exchanges let go of its connections.
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace warmgate::gateway
