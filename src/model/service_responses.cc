// The part of ModelService that words its answers: see service.h.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/service.h"

namespace warmgate::model {

Response ModelService::json(int status, std::string body) const {
  Response response;
  response.status = status;
  response.fields.emplace_back(kInstanceHeader, instance_.header(host_.now()));
  response.body = std::move(body);
  return response;
}

Response ModelService::error(int status, std::string_view message) const {
  return json(status, render_error(message));
}

Response ModelService::refuse(int status, std::string_view message) const {
  Response response = error(status, message);
  response.fields.emplace_back("Retry-After", std::to_string(retry_after_seconds()));
  return response;
}

Response ModelService::readiness(std::string ready_body) const {
  switch (phase_) {
    case Phase::ready:
      return json(200, std::move(ready_body));
    case Phase::warming:
      return refuse(503, "Not ready: the model's first inference has not finished yet.");
    case Phase::broken:
      return refuse(503, "Not ready: the model's first inference failed: " + broken_why_);
    case Phase::draining:
      break;
  }
  return refuse(503, "Not ready: this server is shutting down.");
}

Response ModelService::body_too_large() const {
  return error(413, "The body exceeds " + std::to_string(options_.limits.max_body_bytes) +
                        " bytes: send smaller batches.");
}

Response ModelService::too_many_bytes() {
  metrics_.count(Outcome::refused);
  return refuse(429, "Too many bytes of requests are waiting: try again later.");
}

std::optional<Response> ModelService::refuse_route(const Request& request,
                                                   const Route& route) const {
  // Whoever may not release learns nothing of the path: a gateway lets no client's warmgate-release
  // through, so that only the gateway itself can.
  const bool hidden =
      route.endpoint == Endpoint::release && (!options_.on_release || !request.release);
  if (route.endpoint == Endpoint::not_found || hidden) {
    return error(404, "There is nothing at this path: see /v2, /v2/health/ready, /v2/models/" +
                          model_.name + " and /metrics.");
  }
  if (!route.model.empty() && route.model != model_.name) {
    return error(404, "There is no model \"" + std::string(route.model) +
                          "\" here: this server has \"" + model_.name + "\".");
  }
  if (!route.version.empty() && route.version != model_.version()) {
    return error(404, "Model \"" + model_.name + "\" has no version \"" +
                          std::string(route.version) + "\" here: this server has version \"" +
                          model_.version() + "\".");
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool acts = route.endpoint == Endpoint::infer || route.endpoint == Endpoint::release;
  if (acts ? request.method == "POST" : reads) return std::nullopt;
  const std::string allowed(allowed_methods(route.endpoint));
  Response response = error(405, "This path takes " + allowed + ".");
  response.fields.emplace_back("Allow", allowed);
  return response;
}

std::optional<Response> ModelService::refuse_infer(const Request& request) const {
  if (phase_ == Phase::broken || phase_ == Phase::draining) return readiness({});
  if (!request.content_encoding.empty() &&
      !equals_ignoring_case(request.content_encoding, "identity")) {
    return error(415, "The body must not be compressed: send it without Content-Encoding.");
  }
  if (pending_bytes_ + request.body.size() > options_.max_queue_bytes) {
    return refuse(429, "Too many bytes of requests are waiting: try again later.");
  }
  return std::nullopt;
}

// The time until the present queue is done, as far as recent inferences tell.
int64_t ModelService::retry_after_seconds() const {
  const auto work = static_cast<double>(pending_.size());
  const double seconds = std::ceil(mean_seconds_ * work / static_cast<double>(pool_.workers()));
  return static_cast<int64_t>(std::clamp(seconds, 1.0, 60.0));
}

std::string ModelService::metrics_text() const {
  const WorkerPool::Load load = pool_.load();
  return render_metrics(metrics_, {.queued = load.waiting,
                                   .in_flight = pending_.size(),
                                   .workers = pool_.workers(),
                                   .held_pings = held_.size(),
                                   .ready = phase_ == Phase::ready,
                                   .age = instance_.age(host_.now())});
}

}  // namespace warmgate::model
