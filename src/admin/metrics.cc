#include "admin/metrics.h"

#include "admin/metrics_sections.h"

namespace warmgate::admin {
namespace {

using enum MetricType;

void render_process_metrics(MetricsText& text, const ProcessStats& process) {
  text.family("process_cpu_seconds_total", counter, "User and system CPU time spent.");
  text.sample({}, process.cpu_s);
  text.family("process_resident_memory_bytes", gauge, "Resident memory.");
  text.sample({}, process.resident_bytes);
  text.family("process_virtual_memory_bytes", gauge, "Virtual memory.");
  text.sample({}, process.virtual_bytes);
  text.family("process_threads", gauge, "Threads.");
  text.sample({}, process.threads);
  text.family("process_open_fds", gauge, "Open file descriptors.");
  text.sample({}, process.open_fds);
  text.family("process_max_fds", gauge, "Limit of open file descriptors; 0 when there is none.");
  text.sample({}, process.max_fds);
  text.family("process_start_time_seconds", gauge, "When the process began, since 1970.");
  text.sample({}, process.start_time_s);
}

void render_tls_metrics(MetricsText& text, const Snapshot& snapshot) {
  const net::TlsServerStats& stats = snapshot.tls_stats;
  text.family("warmgate_tls_handshakes_total", counter,
              "TLS handshakes with clients: with certificates (full), of an earlier session "
              "(resumed), or failed.");
  text.sample({{"result", "full"}}, stats.full);
  text.sample({{"result", "resumed"}}, stats.resumed);
  text.sample({{"result", "failed"}}, stats.failed);
  text.family("warmgate_tls_reloads_total", counter,
              "Times that changed certificate files were read: and used, or not (failed).");
  text.sample({{"result", "ok"}}, stats.reloads);
  text.sample({{"result", "failed"}}, stats.reloads_failed);
  text.family("warmgate_tls_reload_failing", gauge,
              "1 when the certificate files as they are now are not in use.");
  text.sample({}, !snapshot.tls_reload_problem.empty());
  text.family("warmgate_tls_certificate_expiry_seconds", gauge,
              "When the certificate that is in use ends, since 1970.");
  for (const auto& certificate : snapshot.certificates) {
    text.sample({{"certificate", certificate.certificate_file}}, certificate.at);
  }
}

}  // namespace

void render_gateway_metrics(MetricsText& text, const Snapshot& snapshot) {
  text.family("warmgate_build_info", gauge, "Always 1; the version stands in the label.");
  text.sample({{"version", snapshot.version}}, 1);
  text.family("warmgate_ready", gauge, "1 when /readyz says yes: started, and not draining.");
  text.sample({}, snapshot.ready());
  text.family("warmgate_draining", gauge, "1 while the gateway shuts down.");
  text.sample({}, snapshot.draining);
  text.family("warmgate_connections", gauge, "Open connections of clients.");
  text.sample({}, snapshot.connections);
  text.family("warmgate_connections_accepted_total", counter, "Connections of clients accepted.");
  text.sample({}, snapshot.server.connections);
  text.family("warmgate_requests_received_total", counter,
              "Well-formed request heads, of all services and of none.");
  text.sample({}, snapshot.server.requests);
  text.family("warmgate_requests_malformed_total", counter,
              "Requests refused for their form: malformed or oversized heads, broken bodies.");
  text.sample({}, snapshot.server.refused);
  text.family("warmgate_http2_connections_total", counter,
              "Connections of clients that speak HTTP/2.");
  text.sample({}, snapshot.server.h2_connections);
  text.family("warmgate_http2_requests_total", counter,
              "Well-formed request heads that came by HTTP/2.");
  text.sample({}, snapshot.server.h2_requests);
  text.family("warmgate_http2_floods_total", counter,
              "HTTP/2 connections that were ended because they kept the gateway busy for nothing.");
  text.sample({}, snapshot.server.h2_floods);
  text.family("warmgate_requests_unrouted_total", counter,
              "Requests that no service matched (404).");
  text.sample({}, snapshot.unrouted);
}

std::string render_metrics(const Snapshot& snapshot) {
  MetricsText text;
  render_gateway_metrics(text, snapshot);
  if (snapshot.tls) render_tls_metrics(text, snapshot);
  render_request_metrics(text, snapshot);
  render_pool_metrics(text, snapshot);
  render_backend_metrics(text, snapshot);
  render_service_metrics(text, snapshot);
  render_process_metrics(text, snapshot.process);
  return text.take();
}

}  // namespace warmgate::admin
