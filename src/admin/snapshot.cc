#include "admin/snapshot.h"

#include <algorithm>

namespace warmgate::admin {
namespace {

using policy::PoolKind;

BackendSnapshot gather_backend(gateway::Backend& backend, const policy::BackendStatus& status) {
  BackendSnapshot snapshot;
  snapshot.url = backend.config().url;
  for (const net::Address& address : backend.name().addresses()) {
    snapshot.addresses.push_back(address.to_string());
  }
  snapshot.resolve_error = backend.name().error();
  snapshot.status = status;
  snapshot.connections = backend.pool().connections();
  snapshot.idle_connections = backend.pool().idle();
  snapshot.connection_stats = backend.pool().stats();
  snapshot.connect_problem = backend.pool().connect_problem();
  if (const net::TlsClient* tls = backend.tls()) {
    snapshot.tls = true;
    snapshot.tls_verified = tls->verifies();
    snapshot.tls_stats = tls->stats();
  }
  return snapshot;
}

// Two backends of a pool may share a URL and differ in their Host; two series must not share their
// labels.
std::string unique_label(const std::vector<BackendSnapshot>& others, const std::string& url) {
  const bool taken = std::any_of(others.begin(), others.end(),
                                 [&url](const auto& other) { return other.url == url; });
  return taken ? url + "#" + std::to_string(others.size()) : url;
}

std::vector<BackendSnapshot> gather_backends(const gateway::Service& service,
                                             const policy::PoolStatus& status) {
  std::vector<BackendSnapshot> snapshots;
  const auto& backends = service.backends(status.pool);
  for (size_t i = 0; i < backends.size(); ++i) {
    const bool known = i < status.backends.size();
    BackendSnapshot snapshot =
        gather_backend(*backends[i], known ? status.backends[i] : policy::BackendStatus{});
    snapshot.label = unique_label(snapshots, snapshot.url);
    snapshots.push_back(std::move(snapshot));
  }
  return snapshots;
}

// What the first worker tells of a service, and with it of the service as a whole.
ServiceSnapshot gather_service(const gateway::Service& service) {
  ServiceSnapshot snapshot;
  const config::Service& config = service.config();
  snapshot.name = config.name;
  snapshot.slo = config.policy.slo;
  snapshot.slo_first_byte = config.policy.slo_first_byte;
  snapshot.prefer = config.policy.prefer;
  snapshot.in_flight = service.in_flight();
  snapshot.status = service.status();
  snapshot.counters = service.counters();
  for (const PoolKind pool : kPools) {
    snapshot.backends[static_cast<size_t>(pool)] = gather_backends(service, snapshot.pool(pool));
  }
  snapshot.model_check = service.model_check().state();
  snapshot.model_differences = service.model_check().differences();
  return snapshot;
}

void add_handshakes(auto& to, const auto& from) {
  to.full += from.full;
  to.resumed += from.resumed;
  to.failed += from.failed;
}

void add_backend(BackendSnapshot& snapshot, gateway::Backend& backend) {
  transport::ClientPool& pool = backend.pool();
  snapshot.connections += pool.connections();
  snapshot.idle_connections += pool.idle();
  snapshot.connection_stats.opened += pool.stats().opened;
  snapshot.connection_stats.opened_h2 += pool.stats().opened_h2;
  snapshot.connection_stats.reused += pool.stats().reused;
  snapshot.connection_stats.failed += pool.stats().failed;
  // That of a worker which has not tried again since is of no interest once others can connect.
  const bool in_use = snapshot.status.healthy && !snapshot.status.circuit_open;
  if (snapshot.connect_problem.empty() && !in_use) {
    snapshot.connect_problem = pool.connect_problem();
  }
  if (const net::TlsClient* tls = backend.tls()) add_handshakes(snapshot.tls_stats, tls->stats());
}

// What another worker has to add.
void add_service(ServiceSnapshot& snapshot, const gateway::Service& service) {
  snapshot.in_flight += service.in_flight();
  snapshot.counters.merge(service.counters());
  for (const PoolKind pool : kPools) {
    const auto& backends = service.backends(pool);
    auto& snapshots = snapshot.backends[static_cast<size_t>(pool)];
    for (size_t i = 0; i < backends.size(); ++i) add_backend(snapshots[i], *backends[i]);
  }
}

void add_server(transport::ServerStats& to, const transport::ServerStats& from) {
  to.connections += from.connections;
  to.requests += from.requests;
  to.refused += from.refused;
  to.h2_connections += from.h2_connections;
  to.h2_requests += from.h2_requests;
  to.h2_floods += from.h2_floods;
}

void add_worker(Snapshot& snapshot, const gateway::Worker& worker) {
  const bool first = snapshot.services.empty();
  snapshot.unrouted += worker.unrouted();
  add_server(snapshot.server, worker.server().stats());
  if (const net::TlsServer* tls = worker.tls_server()) {
    if (first) {
      snapshot.tls = true;
      snapshot.tls_stats = tls->stats();
      snapshot.certificates = tls->expiries();
      snapshot.tls_reload_problem = tls->reload_problem();
    } else {
      add_handshakes(snapshot.tls_stats, tls->stats());
      if (snapshot.tls_reload_problem.empty()) snapshot.tls_reload_problem = tls->reload_problem();
    }
  }
  for (size_t i = 0; i < worker.services().size(); ++i) {
    const gateway::Service& service = *worker.services()[i];
    if (first) {
      snapshot.services.push_back(gather_service(service));
    } else {
      add_service(snapshot.services[i], service);
    }
  }
}

}  // namespace

Snapshot gather(const gateway::Gateway& gateway, Instant now) {
  Snapshot snapshot;
  snapshot.version = WARMGATE_VERSION;
  snapshot.uptime = now - gateway.started_at();
  snapshot.started = gateway.started();
  snapshot.draining = gateway.draining();
  snapshot.connections = gateway.connections();
  snapshot.process = read_process_stats();
  gateway.visit_workers([&](gateway::Worker& worker) { add_worker(snapshot, worker); });
  return snapshot;
}

}  // namespace warmgate::admin
