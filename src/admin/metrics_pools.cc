// What the policy believes of the pools, and the state of each backend.
#include "admin/metrics_sections.h"

namespace warmgate::admin {
namespace {

using enum MetricType;
using policy::PoolKind;
using policy::PoolStatus;

void render_states(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_pool_state", gauge, "1 for the state that the pool is believed to be in.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const PoolKind pool : kPools) {
      for (const policy::PoolState state : values_up_to(policy::PoolState::down)) {
        text.sample({{"service", service.name}, {"pool", name(pool)}, {"state", name(state)}},
                    service.pool(pool).state == state);
      }
    }
  }
  text.family("warmgate_pool_evidence_age_seconds", gauge,
              "Age of the evidence for the pool's state; absent when there is none.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const PoolKind pool : kPools) {
      const PoolStatus& status = service.pool(pool);
      if (status.evidence == policy::EvidenceKind::none) continue;
      text.sample(
          {{"service", service.name}, {"pool", name(pool)}, {"evidence", name(status.evidence)}},
          to_seconds(status.evidence_age));
    }
  }
}

void render_room(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_pool_slots", gauge,
              "Requests that the pool takes at a time: usable always-on slots, warm serverless "
              "ones (an estimate).");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const PoolKind pool : kPools) {
      text.sample({{"service", service.name}, {"pool", name(pool)}}, service.pool(pool).slots);
    }
  }
  text.family("warmgate_pool_in_flight", gauge, "Attempts under way.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const PoolKind pool : kPools) {
      text.sample({{"service", service.name}, {"pool", name(pool)}}, service.pool(pool).in_flight);
    }
  }
  text.family("warmgate_serverless_instances", gauge,
              "Instances of the serverless pool believed ready, or starting.");
  for (const ServiceSnapshot& service : snapshot.services) {
    const PoolStatus& status = service.status.serverless;
    text.sample({{"service", service.name}, {"state", "ready"}}, status.instances);
    text.sample({{"service", service.name}, {"state", "starting"}}, status.starting);
  }
}

using Quantiles = std::pair<double, double>;  // the median and the 99th percentile

void render_learned(MetricsText& text, const Snapshot& snapshot, std::string_view family,
                    std::string_view help, Quantiles (*quantiles)(const policy::LearnedTimes&)) {
  text.family(family, summary, help);
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const PoolKind pool : kPools) {
      const policy::LearnedTimes& times = service.pool(pool).times;
      const Labels labels = {{"service", service.name}, {"pool", name(pool)}};
      const auto [p50, p99] = quantiles(times);
      const bool learned = times.samples > 0 && p99 > 0;
      if (learned) {
        text.quantile(labels, 0.5, p50);
        text.quantile(labels, 0.99, p99);
      }
      text.count(labels, learned ? times.samples : 0);
    }
  }
}

struct BackendMetric {
  std::string_view name;
  MetricType type;
  std::string_view help;
  double (*value)(const BackendSnapshot&);
};
constexpr BackendMetric kBackendMetrics[] = {
    {"warmgate_backend_healthy", gauge, "1 when requests may be sent to the backend.",
     [](const BackendSnapshot& b) { return b.status.healthy ? 1.0 : 0.0; }},
    {"warmgate_backend_circuit_open", gauge, "1 when the circuit is not closed.",
     [](const BackendSnapshot& b) { return b.status.circuit_open ? 1.0 : 0.0; }},
    {"warmgate_backend_in_flight", gauge, "Attempts under way.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.status.in_flight); }},
    {"warmgate_backend_limit", gauge,
     "Requests at a time that an always-on backend is given; 0 of serverless ones.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.status.limit); }},
    {"warmgate_backend_limit_lowered_total", counter,
     "How often that was lowered because answers under load were too slow.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.status.limit_lowered); }},
    {"warmgate_backend_strikes", gauge, "Failures in a row.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.status.strikes); }},
    {"warmgate_backend_addresses", gauge, "Addresses that the backend's name stands for.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.addresses.size()); }},
    {"warmgate_backend_resolve_failing", gauge, "1 when the last look-up of the name failed.",
     [](const BackendSnapshot& b) { return b.resolve_error.empty() ? 0.0 : 1.0; }},
    {"warmgate_backend_connections", gauge, "Open connections, idle ones included.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.connections); }},
    {"warmgate_backend_connections_idle", gauge, "Open connections that wait for a request.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.idle_connections); }},
    {"warmgate_backend_connections_opened_total", counter, "Connections established.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.connection_stats.opened); }},
    {"warmgate_backend_connections_http2_total", counter,
     "Of the connections established, those that speak HTTP/2.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.connection_stats.opened_h2); }},
    {"warmgate_backend_connections_reused_total", counter,
     "Requests sent on a connection that had served one before.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.connection_stats.reused); }},
    {"warmgate_backend_connections_failed_total", counter, "Connections that could not be opened.",
     [](const BackendSnapshot& b) { return static_cast<double>(b.connection_stats.failed); }},
};

// Only of the backends that speak TLS.
void render_backend_tls(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_backend_tls_handshakes_total", counter,
              "TLS handshakes with the backend: with certificates (full), of an earlier session "
              "(resumed), or failed.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const PoolKind pool : kPools) {
      for (const BackendSnapshot& backend : service.pool_backends(pool)) {
        if (!backend.tls) continue;
        const net::TlsClientStats& stats = backend.tls_stats;
        const std::pair<std::string_view, uint64_t> results[] = {
            {"full", stats.full}, {"resumed", stats.resumed}, {"failed", stats.failed}};
        for (const auto& [result, count] : results) {
          text.sample({{"service", service.name},
                       {"pool", name(pool)},
                       {"backend", backend.label},
                       {"result", result}},
                      count);
        }
      }
    }
  }
}

}  // namespace

void render_pool_metrics(MetricsText& text, const Snapshot& snapshot) {
  render_states(text, snapshot);
  render_room(text, snapshot);
  render_learned(text, snapshot, "warmgate_learned_first_byte_seconds",
                 "What the policy expects of a warm answer: attempt sent to first byte.",
                 [](const policy::LearnedTimes& times) {
                   return Quantiles{times.first_byte_p50_s, times.first_byte_p99_s};
                 });
  render_learned(text, snapshot, "warmgate_learned_service_seconds",
                 "What the policy expects of a warm answer: attempt sent to last byte.",
                 [](const policy::LearnedTimes& times) {
                   return Quantiles{times.service_p50_s, times.service_p99_s};
                 });
}

void render_backend_metrics(MetricsText& text, const Snapshot& snapshot) {
  for (const BackendMetric& metric : kBackendMetrics) {
    text.family(metric.name, metric.type, metric.help);
    for (const ServiceSnapshot& service : snapshot.services) {
      for (const PoolKind pool : kPools) {
        for (const BackendSnapshot& backend : service.pool_backends(pool)) {
          text.sample({{"service", service.name}, {"pool", name(pool)}, {"backend", backend.label}},
                      metric.value(backend));
        }
      }
    }
  }
  render_backend_tls(text, snapshot);
}

}  // namespace warmgate::admin
