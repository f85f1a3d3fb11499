// Snapshot: everything that the admin endpoints tell, as plain values taken at one moment.
// Gathering is apart from rendering, so that rendering is tested without a gateway.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "admin/process_stats.h"
#include "base/time.h"
#include "gateway/counters.h"
#include "gateway/gateway.h"
#include "gateway/model_check.h"
#include "net/tls_client.h"
#include "net/tls_server.h"
#include "policy/settings.h"
#include "policy/status.h"
#include "transport/client_pool.h"
#include "transport/server.h"

namespace warmgate::admin {

struct BackendSnapshot {
  std::string url;
  std::string label;  // the URL, made unique within its pool
  std::vector<std::string> addresses;
  std::string resolve_error;  // of the last look-up; empty when it worked
  policy::BackendStatus status;
  uint64_t connections = 0;  // idle ones included
  uint64_t idle_connections = 0;
  transport::ClientStats connection_stats;
  std::string connect_problem;  // why none can be opened; empty when that worked the last time
  bool tls = false;
  bool tls_verified = false;
  net::TlsClientStats tls_stats;
};

struct ServiceSnapshot {
  std::string name;
  Duration slo{};
  bool slo_first_byte = false;
  policy::Prefer prefer = policy::Prefer::serverless;
  uint64_t in_flight = 0;  // requests, waiting ones included
  policy::ServiceStatus status;
  gateway::ServiceCounters counters;
  std::array<std::vector<BackendSnapshot>, 2> backends;  // by PoolKind
  gateway::ModelCheck::State model_check = gateway::ModelCheck::State::off;
  std::vector<std::string> model_differences;

  const policy::PoolStatus& pool(policy::PoolKind kind) const {
    return kind == policy::PoolKind::always_on ? status.always_on : status.serverless;
  }
  const std::vector<BackendSnapshot>& pool_backends(policy::PoolKind kind) const {
    return backends[static_cast<size_t>(kind)];
  }
};

inline constexpr std::array kPools = {policy::PoolKind::always_on, policy::PoolKind::serverless};

struct Snapshot {
  std::string version;
  Duration uptime{};
  bool started = false;
  bool draining = false;
  uint64_t connections = 0;
  uint64_t unrouted = 0;
  transport::ServerStats server;
  bool tls = false;  // a listener speaks TLS
  net::TlsServerStats tls_stats;
  std::vector<net::TlsServer::Expiry> certificates;
  std::string tls_reload_problem;
  ProcessStats process;
  std::vector<ServiceSnapshot> services;

  bool ready() const { return started && !draining; }
};

// Cost.  O(requests in the gateway), and a look at each open descriptor.
Snapshot gather(const gateway::Gateway& gateway, Instant now);

}  // namespace warmgate::admin
