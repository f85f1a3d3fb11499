#include "admin/admin_server.h"

#include <algorithm>
#include <array>

#include "admin/metrics.h"
#include "admin/snapshot.h"
#include "admin/status_json.h"
#include "admin/status_page.h"
#include "http/problem.h"

namespace warmgate::admin {
namespace {

using transport::SimpleRequest;
using transport::SimpleResponse;

// A few people, a load balancer and a Prometheus or two.
constexpr uint32_t kMaxConnections = 64;
constexpr uint64_t kMaxBody = 4096;  // nothing here takes one; a mistaken POST is told so

transport::ServerLimits limits() {
  transport::ServerLimits limits;
  limits.max_connections = kMaxConnections;
  return limits;
}

SimpleResponse problem(uint16_t status, std::string_view detail) {
  http::Problem document;
  document.status = status;
  document.detail = detail;
  return {status, std::string(http::kProblemType), http::render_problem(document), {}};
}

SimpleResponse readiness(const gateway::Gateway& gateway) {
  if (gateway.draining()) {
    return {503,
            "application/json",
            "{\"ready\":false,\"reason\":\"draining\",\"detail\":\"warmgate is shutting down: it "
            "finishes what runs and accepts nothing new\"}\n",
            {}};
  }
  if (!gateway.started()) {
    return {503,
            "application/json",
            "{\"ready\":false,\"reason\":\"starting\",\"detail\":\"the names of the backends are "
            "being looked up; no listener is open yet\"}\n",
            {}};
  }
  return {200, "application/json", "{\"ready\":true}\n", {}};
}

using Endpoint = SimpleResponse (*)(const gateway::Gateway& gateway, Instant now);

SimpleResponse serve_page(const gateway::Gateway&, Instant) {
  return {200, "text/html; charset=utf-8", std::string(status_page()), {}};
}
SimpleResponse serve_health(const gateway::Gateway&, Instant) {
  return {200, "application/json", "{\"alive\":true}\n", {}};
}
SimpleResponse serve_readiness(const gateway::Gateway& gateway, Instant) {
  return readiness(gateway);
}
SimpleResponse serve_status(const gateway::Gateway& gateway, Instant now) {
  return {200, "application/json", render_status(gather(gateway, now)), {}};
}
SimpleResponse serve_metrics(const gateway::Gateway& gateway, Instant now) {
  return {200, std::string(kMetricsType), render_metrics(gather(gateway, now)), {}};
}

struct Route {
  std::string_view path;
  Endpoint endpoint;
};

// The last part of the path is the service's name, which needs no escaping (config/texts.h).
constexpr std::string_view kRecordings = "/recordings/";

SimpleResponse serve_recording(const gateway::Gateway& gateway, std::string_view name) {
  const gateway::Service* const service = gateway.find_service(name);
  if (service == nullptr) {
    std::string names;
    for (const auto& known : gateway.services()) {
      names += (names.empty() ? "" : ", ") + known->config().name;
    }
    return problem(404, "No service of that name; there are: " + names + ".");
  }
  if (!service->dispatcher().records()) {
    return problem(404, "Nothing is recorded: recorder.memory is 0 in the configuration.");
  }
  SimpleResponse response{200, "application/octet-stream", service->dispatcher().recording(), {}};
  response.fields.emplace_back("content-disposition",
                               "attachment; filename=\"" + std::string(name) + ".recording\"");
  return response;
}

constexpr std::array kRoutes = {
    Route{"/", serve_page},
    Route{"/healthz", serve_health},
    Route{"/readyz", serve_readiness},
    Route{"/status", serve_status},
    Route{"/metrics", serve_metrics},
};

}  // namespace

AdminServer::AdminServer(net::Loop& loop, const gateway::Gateway& gateway)
    : loop_(loop),
      gateway_(gateway),
      server_(
          loop,
          [this](const SimpleRequest& request, const transport::Responder& responder) {
            SimpleResponse response = respond(request);
            // What is told is of this moment, and is not for a browser to guess about.
            response.fields.emplace_back("cache-control", "no-store");
            response.fields.emplace_back("x-content-type-options", "nosniff");
            responder(std::move(response));
          },
          limits(), kMaxBody) {}

SimpleResponse AdminServer::respond(const SimpleRequest& request) const {
  const auto route = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& candidate) {
    return candidate.path == request.path();
  });
  const bool recording = request.path().starts_with(kRecordings);
  if (route == kRoutes.end() && !recording) {
    return problem(404,
                   "Nothing here; there are /, /status, /metrics, /healthz, /readyz and "
                   "/recordings/SERVICE.");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    SimpleResponse response = problem(405, "These endpoints are read only: GET or HEAD.");
    response.fields.emplace_back("allow", "GET, HEAD");
    return response;
  }
  if (recording) return serve_recording(gateway_, request.path().substr(kRecordings.size()));
  return route->endpoint(gateway_, loop_.now());
}

}  // namespace warmgate::admin
