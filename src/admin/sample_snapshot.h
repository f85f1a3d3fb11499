// For tests: a snapshot of a gateway with two services, one of which has seen everything.
#pragma once

#include "admin/snapshot.h"

namespace warmgate::admin {

inline BackendSnapshot sample_backend(const std::string& url) {
  BackendSnapshot backend;
  backend.url = backend.label = url;
  backend.addresses = {"192.0.2.1:8080", "[2001:db8::1]:8080"};
  backend.connections = 3;
  backend.idle_connections = 1;
  backend.connection_stats = {5, 90, 2};
  return backend;
}

inline ServiceSnapshot sample_service(const std::string& name) {
  ServiceSnapshot service;
  service.name = name;
  service.slo = 500ms;
  service.in_flight = 7;
  service.status.always_on.pool = policy::PoolKind::always_on;
  service.status.serverless.pool = policy::PoolKind::serverless;
  service.backends[0] = {sample_backend("http://vm-1:8080"), sample_backend("http://vm-2:8080")};
  service.backends[1] = {sample_backend("http://run.example")};
  return service;
}

inline ServiceSnapshot busy_service(const std::string& name) {
  ServiceSnapshot service = sample_service(name);
  policy::ServiceStatus& status = service.status;
  status.always_on.state = policy::PoolState::warm;
  status.always_on.evidence = policy::EvidenceKind::health;
  status.always_on.evidence_age = 1500ms;
  status.always_on.slots = 4;
  status.always_on.in_flight = 4;
  status.always_on.times = {100, 0.02, 0.05, 0.03, 0.06};
  status.serverless.state = policy::PoolState::starting;
  status.serverless.starting = 2;
  status.serverless.idle_lifetime = 10min;
  status.serverless.idle_surely = 8min;
  status.queued = 3;
  status.queued_bytes = 4096;
  status.oldest_wait = 250ms;
  status.demand_per_s = 12.5;
  status.spending = {{0.5, 2, 7}, 9, true};
  status.cold_start = {9, 1, 6, 2, 11, 3.1, 4.2, 3.3};
  status.bypasses = 5;
  status.retries = 4;
  status.attempts_by_reason[static_cast<size_t>(policy::Reason::low_demand)] = 42;
  status.rejects_by_reason[static_cast<size_t>(policy::RejectReason::queue_full)] = 17;
  status.probes_by_kind[static_cast<size_t>(policy::ProbeKind::wake)] = 9;
  gateway::ServiceCounters& counters = service.counters;
  counters.responses[0][2] = 100;
  counters.responses[2][5] = 17;
  counters.attempts[1][static_cast<size_t>(policy::Outcome::timed_out)] = 3;
  counters.over_slo = 8;
  for (int i = 1; i <= 100; ++i) counters.duration[0].record(i * 1ms);
  counters.duration[1].record(400s);
  counters.first_byte_cold.record(3s);
  counters.release.record(4ms);
  service.backends[0][1].status = {false, false, 0, 6};
  service.backends[1][0].status = {true, true, 2, 1};
  service.backends[1][0].resolve_error = "no such name";
  service.backends[1][0].connect_problem = "TLS handshake failed: the certificate expired";
  service.backends[1][0].tls = true;
  service.backends[1][0].tls_stats = {7, 3, 2};
  service.model_check = gateway::ModelCheck::State::different;
  service.model_differences = {"versions: always-on says [\"1\"], serverless says [\"2\"]"};
  return service;
}

inline Snapshot sample_snapshot() {
  Snapshot snapshot;
  snapshot.version = "1.2.3";
  snapshot.uptime = 90s;
  snapshot.started = true;
  snapshot.connections = 12;
  snapshot.unrouted = 6;
  snapshot.server = {20, 123, 4};
  snapshot.tls = true;
  snapshot.tls_stats = {30, 12, 2, 1, 1};
  snapshot.certificates = {{"/etc/warmgate/a.pem", 1'800'000'000}};
  snapshot.tls_reload_problem = "the certificate in /etc/warmgate/a.pem expired";
  snapshot.process.resident_bytes = 15 << 20;
  snapshot.process.open_fds = 31;
  snapshot.services = {busy_service("digits"), sample_service("idle")};
  return snapshot;
}

}  // namespace warmgate::admin
