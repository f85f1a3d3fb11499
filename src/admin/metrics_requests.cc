// What became of requests and attempts, and how long they took.
#include "admin/metrics_sections.h"

namespace warmgate::admin {
namespace {

using enum MetricType;
using gateway::Answerer;

// By status / 100; "none": the client left before there was a status.
constexpr std::string_view kStatusClassNames[gateway::kStatusClasses] = {"none", "1xx", "2xx",
                                                                         "3xx",  "4xx", "5xx"};

void render_responses(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_requests_total", counter,
              "Requests that are over, by who answered and by class of status.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const Answerer answerer : values_up_to(Answerer::gateway)) {
      const auto& by_class = service.counters.responses[static_cast<size_t>(answerer)];
      for (size_t i = 0; i < by_class.size(); ++i) {
        text.sample(
            {{"service", service.name}, {"pool", name(answerer)}, {"code", kStatusClassNames[i]}},
            by_class[i]);
      }
    }
  }
  text.family(
      "warmgate_request_duration_seconds", histogram,
      "From a request's arrival with its body to the last byte of its answer, by who answered.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const Answerer answerer : values_up_to(Answerer::gateway)) {
      text.histogram({{"service", service.name}, {"pool", name(answerer)}},
                     service.counters.duration[static_cast<size_t>(answerer)]);
    }
  }
  text.family(
      "warmgate_queue_seconds", histogram,
      "From a request's arrival with its body to its first attempt, or to its end without one.");
  for (const ServiceSnapshot& service : snapshot.services) {
    text.histogram({{"service", service.name}}, service.counters.queue_time);
  }
  text.family("warmgate_body_seconds", histogram,
              "From a request's head to its body, of those whose body came later.");
  for (const ServiceSnapshot& service : snapshot.services) {
    text.histogram({{"service", service.name}}, service.counters.body_time);
  }
}

void render_attempts(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_attempts_total", counter, "Attempts that are over, by how they ended.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const policy::PoolKind pool : kPools) {
      const auto& by_outcome = service.counters.attempts[static_cast<size_t>(pool)];
      for (const policy::Outcome outcome : values_up_to(policy::Outcome::cancelled)) {
        text.sample({{"service", service.name}, {"pool", name(pool)}, {"outcome", name(outcome)}},
                    by_outcome[static_cast<size_t>(outcome)]);
      }
    }
  }
  text.family("warmgate_attempt_first_byte_seconds", histogram,
              "From an attempt's start to the head of its answer (for a stream, the first real "
              "output); cold: the instance started while the request waited for it.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const policy::PoolKind pool : kPools) {
      text.histogram({{"service", service.name}, {"pool", name(pool)}, {"start", "warm"}},
                     service.counters.first_byte_warm[static_cast<size_t>(pool)]);
    }
    text.histogram({{"service", service.name},
                    {"pool", name(policy::PoolKind::serverless)},
                    {"start", "cold"}},
                   service.counters.first_byte_cold);
  }
}

void render_tunnels(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_tunnels_open", gauge,
              "Connections that were upgraded (WebSocket) and are open.");
  for (const ServiceSnapshot& service : snapshot.services) {
    text.sample({{"service", service.name}}, service.counters.tunnels_open);
  }
  text.family("warmgate_tunnel_duration_seconds", histogram,
              "From the answer that upgraded a connection to its end.");
  for (const ServiceSnapshot& service : snapshot.services) {
    text.histogram({{"service", service.name}}, service.counters.tunnel_duration);
  }
}

struct RequestMetric {
  std::string_view name;
  std::string_view help;
  uint64_t gateway::ServiceCounters::*value;
};
constexpr RequestMetric kRequestMetrics[] = {
    {"warmgate_requests_over_slo_total", "Requests that took longer than the SLO.",
     &gateway::ServiceCounters::over_slo},
    {"warmgate_requests_abandoned_total",
     "Requests whose client left before the answer was complete.",
     &gateway::ServiceCounters::client_gone},
    {"warmgate_requests_timed_out_total", "Requests that met the limit on their total time.",
     &gateway::ServiceCounters::total_timeouts},
    {"warmgate_requests_too_large_total", "Requests whose body was larger than allowed (413).",
     &gateway::ServiceCounters::body_too_large},
    {"warmgate_responses_broken_off_total", "Answers that broke after their head was passed on.",
     &gateway::ServiceCounters::broken_off},
    {"warmgate_replays_lost_total",
     "Requests larger than the replay buffer, for which no further attempt was possible.",
     &gateway::ServiceCounters::replay_lost},
    {"warmgate_streams_promised_total",
     "Event streams whose head was sent to a waiting client before there was an event.",
     &gateway::ServiceCounters::streams_promised},
    {"warmgate_stream_errors_total", "Errors told as an event within such a stream.",
     &gateway::ServiceCounters::errors_in_band},
    {"warmgate_tunnels_idle_total", "Upgraded connections that were ended for their silence.",
     &gateway::ServiceCounters::tunnels_idle},
    {"warmgate_request_body_bytes_total", "Bytes of request bodies received, tunnels included.",
     &gateway::ServiceCounters::request_bytes},
    {"warmgate_response_body_bytes_total", "Bytes of response bodies sent, tunnels included.",
     &gateway::ServiceCounters::response_bytes},
};

}  // namespace

void render_request_metrics(MetricsText& text, const Snapshot& snapshot) {
  render_responses(text, snapshot);
  render_attempts(text, snapshot);
  render_tunnels(text, snapshot);
  for (const RequestMetric& metric : kRequestMetrics) {
    text.family(metric.name, counter, metric.help);
    for (const ServiceSnapshot& service : snapshot.services) {
      text.sample({{"service", service.name}}, service.counters.*metric.value);
    }
  }
}

}  // namespace warmgate::admin
