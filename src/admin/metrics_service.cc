// What the policy decided, and the queue, cold starts, bypass and model check of each service.
#include "admin/metrics_sections.h"

namespace warmgate::admin {
namespace {

using enum MetricType;

struct ServiceMetric {
  std::string_view name;
  MetricType type;
  std::string_view help;
  double (*value)(const ServiceSnapshot&);
};

constexpr ServiceMetric kServiceMetrics[] = {
    {"warmgate_slo_seconds", gauge, "The latency that a request should stay within.",
     [](const ServiceSnapshot& s) { return to_seconds(s.slo); }},
    {"warmgate_requests_in_flight", gauge, "Requests that wait or are being answered.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.in_flight); }},
    {"warmgate_requests_gathering", gauge, "Requests whose bodies are not here yet.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.gathering); }},
    {"warmgate_requests_gathering_bytes", gauge, "Bytes that these may take up.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.gathering_bytes); }},
    {"warmgate_queue_depth", gauge, "Requests that wait in the gateway.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.queued); }},
    {"warmgate_queue_bytes", gauge, "Bytes that waiting requests count for.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.queued_bytes); }},
    {"warmgate_queue_oldest_seconds", gauge, "How long the oldest of them has waited.",
     [](const ServiceSnapshot& s) { return to_seconds(s.status.oldest_wait); }},
    {"warmgate_queue_standing", gauge,
     "1 while the queue stands, so that low priority does not wait in it.",
     [](const ServiceSnapshot& s) { return s.status.queue_stands ? 1.0 : 0.0; }},
    {"warmgate_demand_forecast", gauge,
     "Requests per second expected over the next cold-start time; waking rests on it.",
     [](const ServiceSnapshot& s) { return s.status.demand_per_s; }},
    {"warmgate_recurring_instances", gauge,
     "Instances called for because they are needed at this time each hour, day or week.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.recurring_instances); }},
    {"warmgate_scheduled_instances", gauge, "Instances that the schedules want to be ready.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.scheduled_instances); }},
    {"warmgate_spending_usd_total", counter, "What the serverless pool cost, by estimate.",
     [](const ServiceSnapshot& s) { return s.status.spending.total; }},
    {"warmgate_over_budget", gauge, "1 while a budget for the serverless pool is spent.",
     [](const ServiceSnapshot& s) { return s.status.spending.over ? 1.0 : 0.0; }},
    {"warmgate_wakes_total", counter, "Requests sent only to make the platform start an instance.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.cold_start.wakes); }},
    {"warmgate_wakes_failed_total", counter, "Wakes after which no instance answered.",
     [](const ServiceSnapshot& s) {
       return static_cast<double>(s.status.cold_start.wakes_failed);
     }},
    {"warmgate_cold_start_delayed_requests_total", counter,
     "Requests whose answer waited for a cold start.",
     [](const ServiceSnapshot& s) {
       return static_cast<double>(s.status.cold_start.requests_delayed);
     }},
    {"warmgate_bypasses_total", counter,
     "Requests given to the always-on pool as well, because a serverless answer was slow.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.bypasses); }},
    {"warmgate_bypasses_won_total", counter, "Bypasses whose answer came first.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.bypasses_won); }},
    {"warmgate_bypass_budget", gauge, "Bypasses that the budget allows now.",
     [](const ServiceSnapshot& s) { return s.status.bypass_budget; }},
    {"warmgate_retries_total", counter, "Attempts made because an earlier one failed.",
     [](const ServiceSnapshot& s) { return static_cast<double>(s.status.retries); }},
    {"warmgate_model_mismatch", gauge, "1 when the two pools serve different models.",
     [](const ServiceSnapshot& s) {
       return s.model_check == gateway::ModelCheck::State::different ? 1.0 : 0.0;
     }},
};

void render_decisions(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_decisions_total", counter, "Attempts begun, by the reason for the choice.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const policy::Reason reason : values_up_to(policy::Reason::doomed)) {
      text.sample({{"service", service.name}, {"reason", name(reason)}},
                  service.status.attempts_by_reason[static_cast<size_t>(reason)]);
    }
  }
  text.family("warmgate_rejects_total", counter, "Requests refused by the policy, by reason.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const policy::RejectReason reason : values_up_to(last_value(policy::RejectReason{}))) {
      text.sample({{"service", service.name}, {"reason", name(reason)}},
                  service.status.rejects_by_reason[static_cast<size_t>(reason)]);
    }
  }
  text.family("warmgate_probes_total", counter, "Requests of the gateway's own, by purpose.");
  for (const ServiceSnapshot& service : snapshot.services) {
    for (const policy::ProbeKind kind : values_up_to(policy::ProbeKind::release)) {
      text.sample({{"service", service.name}, {"kind", name(kind)}},
                  service.status.probes_by_kind[static_cast<size_t>(kind)]);
    }
  }
}

void render_cold_starts(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_cold_starts_total", counter,
              "Cold starts that no user noticed (hidden), or that at least one waited for (seen).");
  for (const ServiceSnapshot& service : snapshot.services) {
    const policy::ColdStartStatus& starts = service.status.cold_start;
    text.sample({{"service", service.name}, {"outcome", "hidden"}}, starts.hidden);
    text.sample({{"service", service.name}, {"outcome", "seen"}}, starts.seen);
  }
  text.family("warmgate_cold_start_seconds", summary,
              "Phases of cold starts. accepted: wake sent to its connection accepted; ready: wake "
              "sent to first good answer; release: from there to the first waiting request sent.");
  for (const ServiceSnapshot& service : snapshot.services) {
    const policy::ColdStartStatus& starts = service.status.cold_start;
    if (starts.hidden + starts.seen == 0) continue;
    const auto phase = [&](std::string_view name, double p50_s, double p99_s) {
      const Labels labels = {{"service", service.name}, {"phase", name}};
      text.quantile(labels, 0.5, p50_s);
      text.quantile(labels, 0.99, p99_s);
    };
    const auto measured = [&](std::string_view name, const stats::LatencyHistogram& times) {
      phase(name, to_seconds(times.quantile(0.5)), to_seconds(times.quantile(0.99)));
    };
    measured("accepted", service.counters.wake_accepted);
    phase("ready", starts.ready_p50_s, starts.ready_p99_s);
    measured("release", service.counters.release);
  }
}

}  // namespace

void render_service_metrics(MetricsText& text, const Snapshot& snapshot) {
  for (const ServiceMetric& metric : kServiceMetrics) {
    text.family(metric.name, metric.type, metric.help);
    for (const ServiceSnapshot& service : snapshot.services) {
      text.sample({{"service", service.name}}, metric.value(service));
    }
  }
  render_decisions(text, snapshot);
  render_cold_starts(text, snapshot);
}

}  // namespace warmgate::admin
