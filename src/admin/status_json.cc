#include "admin/status_json.h"

#include <nlohmann/json.hpp>
#include <span>

namespace warmgate::admin {
namespace {

using Json = nlohmann::ordered_json;
using policy::PoolKind;

// As in the configuration: good to write in jq and JavaScript, where '-' is a minus.
constexpr std::string_view kPoolKeys[] = {"always_on", "serverless", "gateway"};

Json latency_json(const stats::LatencyHistogram& values) {
  if (values.count() == 0) {
    return {{"count", 0},
            {"p50_s", nullptr},
            {"p90_s", nullptr},
            {"p99_s", nullptr},
            {"max_s", nullptr}};
  }
  return {{"count", values.count()},
          {"p50_s", to_seconds(values.quantile(0.5))},
          {"p90_s", to_seconds(values.quantile(0.9))},
          {"p99_s", to_seconds(values.quantile(0.99))},
          {"max_s", to_seconds(values.max())}};
}

// Counts by the names of an enumeration that begins at 0.
template <class Enum>
Json counts_json(std::span<const uint64_t> counts) {
  Json json = Json::object();
  for (size_t i = 0; i < counts.size(); ++i) {
    json[std::string(name(static_cast<Enum>(i)))] = counts[i];
  }
  return json;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json tls_json(const BackendSnapshot& backend) {
  if (!backend.tls) return nullptr;
  return {{"verified", backend.tls_verified},
          {"handshakes_full", backend.tls_stats.full},
          {"handshakes_resumed", backend.tls_stats.resumed},
          {"handshakes_failed", backend.tls_stats.failed}};
}

Json downstream_tls_json(const Snapshot& snapshot) {
  if (!snapshot.tls) return nullptr;
  Json certificates = Json::array();
  for (const auto& certificate : snapshot.certificates) {
    certificates.push_back({{"file", certificate.certificate_file}, {"expires_s", certificate.at}});
  }
  return {{"handshakes_full", snapshot.tls_stats.full},
          {"handshakes_resumed", snapshot.tls_stats.resumed},
          {"handshakes_failed", snapshot.tls_stats.failed},
          {"reloads", snapshot.tls_stats.reloads},
          {"reload_problem", text_or_null(snapshot.tls_reload_problem)},
          {"certificates", certificates}};
}

Json backend_json(const BackendSnapshot& backend) {
  return {{"url", backend.url},
          {"addresses", backend.addresses},
          {"resolve_error", text_or_null(backend.resolve_error)},
          {"connect_problem", text_or_null(backend.connect_problem)},
          {"tls", tls_json(backend)},
          {"healthy", backend.status.healthy},
          {"probe_unproven", backend.status.probe_unproven},
          {"circuit", backend.status.circuit_open ? "open" : "closed"},
          {"strikes", backend.status.strikes},
          {"in_flight", backend.status.in_flight},
          {"limit", backend.status.limit > 0 ? Json(backend.status.limit) : Json()},
          {"connections", backend.connections},
          {"idle_connections", backend.idle_connections}};
}

Json learned_json(const policy::LearnedTimes& times) {
  Json json = {{"samples", times.samples}};
  const auto put = [&](const char* key, double value) {
    json[key] = times.samples > 0 && value > 0 ? Json(value) : Json(nullptr);
  };
  put("first_byte_p50_s", times.first_byte_p50_s);
  put("first_byte_p99_s", times.first_byte_p99_s);
  put("service_p50_s", times.service_p50_s);
  put("service_p99_s", times.service_p99_s);
  return json;
}

Json pool_json(const ServiceSnapshot& service, PoolKind kind) {
  const policy::PoolStatus& status = service.pool(kind);
  const bool evident = status.evidence != policy::EvidenceKind::none;
  Json json = {{"state", name(status.state)},
               {"evidence", name(status.evidence)},
               {"evidence_age_s", evident ? Json(to_seconds(status.evidence_age)) : Json(nullptr)},
               {"slots", status.slots},
               {"in_flight", status.in_flight}};
  if (kind == PoolKind::serverless) {
    json["instances"] = status.instances;
    json["starting"] = status.starting;
    json["idle_lifetime"] = {{"half_s", to_seconds(status.idle_lifetime)},
                             {"nine_in_ten_s", to_seconds(status.idle_surely)}};
  }
  json["learned"] = learned_json(status.times);
  json["backends"] = Json::array();
  for (const BackendSnapshot& backend : service.pool_backends(kind)) {
    json["backends"].push_back(backend_json(backend));
  }
  return json;
}

Json spending_json(const policy::SpendingStatus& spending) {
  const auto within = [&](policy::BudgetWindow window) {
    return spending.within[static_cast<size_t>(window)];
  };
  return {{"hour_usd", within(policy::BudgetWindow::hour)},
          {"day_usd", within(policy::BudgetWindow::day)},
          {"month_usd", within(policy::BudgetWindow::month)},
          {"total_usd", spending.total},
          {"over_budget", spending.over}};
}

Json cold_starts_json(const ServiceSnapshot& service) {
  const policy::ColdStartStatus& status = service.status.cold_start;
  const stats::LatencyHistogram& accepted = service.counters.wake_accepted;
  const stats::LatencyHistogram& release = service.counters.release;
  return {{"wakes", status.wakes},
          {"wakes_failed", status.wakes_failed},
          {"hidden", status.hidden},
          {"seen", status.seen},
          {"requests_delayed", status.requests_delayed},
          {"accepted_p50_s", to_seconds(accepted.quantile(0.5))},
          {"accepted_p99_s", to_seconds(accepted.quantile(0.99))},
          {"ready_p50_s", status.ready_p50_s},
          {"ready_p99_s", status.ready_p99_s},
          {"release_p50_s", to_seconds(release.quantile(0.5))},
          {"release_p99_s", to_seconds(release.quantile(0.99))},
          {"last_ready_s", status.last_ready_s}};
}

Json requests_json(const ServiceSnapshot& service) {
  constexpr const char* kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  const gateway::ServiceCounters& counters = service.counters;
  Json by_answerer = Json::object();
  for (size_t i = 0; i < gateway::kAnswererCount; ++i) {
    Json& by_class = by_answerer[std::string(kPoolKeys[i])] = Json::object();
    for (size_t c = 0; c < gateway::kStatusClasses; ++c) {
      by_class[kClasses[c]] = counters.responses[i][c];
    }
  }
  return {{"in_flight", service.in_flight},
          {"over", by_answerer},
          {"over_slo", counters.over_slo},
          {"abandoned", counters.client_gone},
          {"timed_out", counters.total_timeouts},
          {"too_large", counters.body_too_large},
          {"broken_off", counters.broken_off},
          {"replays_lost", counters.replay_lost},
          {"streams_promised", counters.streams_promised},
          {"stream_errors", counters.errors_in_band},
          {"request_bytes", counters.request_bytes},
          {"response_bytes", counters.response_bytes}};
}

Json attempts_json(const gateway::ServiceCounters& counters) {
  return {{"always_on", counts_json<policy::Outcome>(counters.attempts[0])},
          {"serverless", counts_json<policy::Outcome>(counters.attempts[1])}};
}

Json latencies_json(const gateway::ServiceCounters& counters) {
  Json duration = Json::object();
  for (size_t i = 0; i < gateway::kAnswererCount; ++i) {
    duration[std::string(kPoolKeys[i])] = latency_json(counters.duration[i]);
  }
  return {{"duration", duration},
          {"queue", latency_json(counters.queue_time)},
          {"body", latency_json(counters.body_time)},
          {"first_byte",
           {{"always_on", latency_json(counters.first_byte_warm[0])},
            {"serverless", latency_json(counters.first_byte_warm[1])},
            {"serverless_cold", latency_json(counters.first_byte_cold)}}}};
}

Json tunnels_json(const gateway::ServiceCounters& counters) {
  return {{"open", counters.tunnels_open},
          {"ended", counters.tunnel_duration.count()},
          {"ended_idle", counters.tunnels_idle},
          {"duration", latency_json(counters.tunnel_duration)}};
}

Json service_json(const ServiceSnapshot& service) {
  const policy::ServiceStatus& status = service.status;
  const bool prefers_serverless = service.prefer == policy::Prefer::serverless;
  return {
      {"name", service.name},
      {"slo_s", to_seconds(service.slo)},
      {"slo_until", service.slo_first_byte ? "first_byte" : "last_byte"},
      {"prefer", prefers_serverless ? "serverless" : "always_on"},
      {"pools",
       {{"always_on", pool_json(service, PoolKind::always_on)},
        {"serverless", pool_json(service, PoolKind::serverless)}}},
      {"queue",
       {{"requests", status.queued},
        {"bytes", status.queued_bytes},
        {"oldest_wait_s", to_seconds(status.oldest_wait)}}},
      {"gathering", {{"requests", status.gathering}, {"bytes", status.gathering_bytes}}},
      {"demand_per_s", status.demand_per_s},
      {"recurring_instances", status.recurring_instances},
      {"scheduled_instances", status.scheduled_instances},
      {"spending", spending_json(status.spending)},
      {"requests", requests_json(service)},
      {"attempts", attempts_json(service.counters)},
      {"tunnels", tunnels_json(service.counters)},
      {"decisions", counts_json<policy::Reason>(status.attempts_by_reason)},
      {"rejects", counts_json<policy::RejectReason>(status.rejects_by_reason)},
      {"probes", counts_json<policy::ProbeKind>(status.probes_by_kind)},
      {"cold_starts", cold_starts_json(service)},
      {"bypass",
       {{"begun", status.bypasses},
        {"won", status.bypasses_won},
        {"budget", status.bypass_budget}}},
      {"retries", status.retries},
      {"model", {{"check", name(service.model_check)}, {"differences", service.model_differences}}},
      {"latency", latencies_json(service.counters)}};
}

}  // namespace

std::string render_status(const Snapshot& snapshot) {
  Json json = {{"version", snapshot.version},
               {"uptime_s", to_seconds(snapshot.uptime)},
               {"ready", snapshot.ready()},
               {"draining", snapshot.draining},
               {"connections", snapshot.connections},
               {"connections_accepted", snapshot.server.connections},
               {"requests_received", snapshot.server.requests},
               {"requests_malformed", snapshot.server.refused},
               {"requests_unrouted", snapshot.unrouted},
               {"http2",
                {{"connections_accepted", snapshot.server.h2_connections},
                 {"requests_received", snapshot.server.h2_requests},
                 {"floods", snapshot.server.h2_floods}}},
               {"tls", downstream_tls_json(snapshot)},
               {"process",
                {{"resident_bytes", snapshot.process.resident_bytes},
                 {"cpu_s", snapshot.process.cpu_s},
                 {"open_fds", snapshot.process.open_fds},
                 {"max_fds", snapshot.process.max_fds}}},
               {"services", Json::array()}};
  for (const ServiceSnapshot& service : snapshot.services) {
    json["services"].push_back(service_json(service));
  }
  // Texts of peers may be anything; a status page must not fail for that.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace warmgate::admin
