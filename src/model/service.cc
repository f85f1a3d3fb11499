#include "model/service.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/assert.h"
#include "base/log.h"
#include "base/text.h"

namespace warmgate::model {

ModelService::ModelService(Host& host, ServiceOptions options,
                           std::vector<std::unique_ptr<InferenceEngine>> engines)
    : host_(host),
      options_(std::move(options)),
      model_{options_.model_name, engines.front()->signature()},
      instance_(options_.instance_id, options_.started),
      engines_to_prove_(engines.size()),
      pool_(std::move(engines), options_.max_queue, [this](InferenceEngine& engine) {
        host_.post([this, status = prove_engine(engine)] { engine_proved(status); });
      }) {}

void ModelService::engine_proved(const Status& status) {
  --engines_to_prove_;
  if (phase_ != Phase::warming) return;
  if (!status) {
    phase_ = Phase::broken;
    broken_why_ = status.error().message;
    log_error("model",
              "The first inference failed, so this server will not be ready: " + broken_why_);
  } else if (engines_to_prove_ == 0) {
    phase_ = Phase::ready;
    log_info("model", "ready: " + options_.model_name + " answered its first inference");
  }
}

std::variant<Response, ModelService::Ticket> ModelService::handle(Request request, Respond later) {
  const Route route = find_route(request.target);
  if (auto refusal = refuse_route(request, route)) return std::move(*refusal);
  if (route.endpoint == Endpoint::infer) return infer(std::move(request), std::move(later));
  if (route.endpoint == Endpoint::release) return release();
  if (route.endpoint == Endpoint::ready && !request.hold.empty()) {
    return hold_ping(request.hold, std::move(later));
  }
  return answer(request, route);
}

void ModelService::cancel(Ticket ticket) {
  if (held_.erase(ticket) > 0) return;
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  if (!pool_.drop(ticket)) {
    found->second.respond = nullptr;  // it runs: let it end
    return;
  }
  metrics_.count(Outcome::abandoned);
  pending_bytes_ -= found->second.bytes;
  pending_.erase(found);
  check_idle();
}

Response ModelService::answer(const Request& request, const Route& route) const {
  switch (route.endpoint) {
    case Endpoint::server_metadata:
      return json(200, render_server_metadata(options_.server_version));
    case Endpoint::live:
      return json(200, R"({"live":true})");
    case Endpoint::ready:
      return readiness(R"({"ready":true})");
    case Endpoint::model_metadata:
      return json(200, render_model_metadata(model_));
    case Endpoint::model_ready:
      return readiness(render_model_ready(model_));
    case Endpoint::metrics: {
      Response response = json(200, metrics_text());
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      return response;
    }
    case Endpoint::infer:
    case Endpoint::release:
    case Endpoint::not_found:
      break;
  }
  WG_ASSERT(false, "handle() answers these endpoints itself");
  return error(500, request.target);
}

// What was accepted is finished first, this answer included.
Response ModelService::release() {
  if (!std::exchange(released_, true)) host_.after(0ms, options_.on_release);
  return json(200, R"({"released":true})");
}

// ---- pings that are held open, so that a platform sees requests in flight ----

ModelService::Handled ModelService::hold_ping(std::string_view hold, Respond later) {
  const auto duration = parse_duration(hold);
  if (!duration || *duration < Duration::zero()) {
    return error(400, "The field warmgate-hold must be a duration such as 300ms.");
  }
  if (phase_ == Phase::draining) return readiness({});
  if (held_.size() >= options_.max_held_pings) {
    return refuse(429, "Too many readiness checks are being held: send fewer at a time.");
  }
  const Ticket ticket = ++last_ticket_;
  held_.emplace(ticket, std::move(later));
  host_.after(std::min(*duration, options_.max_hold), [this, ticket] { release_ping(ticket); });
  return ticket;
}

void ModelService::release_ping(Ticket ticket) {
  auto held = held_.extract(ticket);
  if (!held.empty()) held.mapped()(readiness(R"({"ready":true})"));
}

// ---- inference ----

ModelService::Handled ModelService::infer(Request request, Respond later) {
  if (auto refusal = refuse_infer(request)) {
    metrics_.count(refusal->status == 415 ? Outcome::invalid : Outcome::refused);
    return std::move(*refusal);
  }
  const Ticket ticket = ++last_ticket_;
  const size_t bytes = request.body.size();
  // The job lives on a worker until inference_done(), and touches only what never changes.
  const bool accepted =
      pool_.submit(ticket, [this, ticket, body = std::move(request.body),
                            submitted = std::chrono::steady_clock::now()](InferenceEngine& engine) {
        const Duration waited = std::chrono::steady_clock::now() - submitted;
        InferResult result = run_infer(body, engine, model_, options_.limits);
        host_.post([this, ticket, waited, result = std::move(result)]() mutable {
          inference_done(ticket, std::move(result), waited);
        });
      });
  if (!accepted) {
    metrics_.count(Outcome::refused);
    return refuse(429, "All workers are busy and the queue is full: try again later.");
  }
  pending_.emplace(ticket, Pending{std::move(later), bytes});
  pending_bytes_ += bytes;
  return ticket;
}

void ModelService::inference_done(Ticket ticket, InferResult result, Duration waited) {
  auto pending = pending_.extract(ticket);
  WG_ASSERT(!pending.empty(), "a job that ran was pending");
  pending_bytes_ -= pending.mapped().bytes;
  metrics_.count(result.outcome);
  metrics_.waited.record(waited);
  if (result.computed > Duration::zero()) {
    metrics_.inference.record(result.computed);
    const double seconds = to_seconds(result.computed);
    mean_seconds_ = mean_seconds_ == 0 ? seconds : mean_seconds_ + 0.1 * (seconds - mean_seconds_);
  }
  if (result.outcome == Outcome::failed) log_error("model", "An inference failed: " + result.body);
  Response response = json(result.status, std::move(result.body));
  if (result.outcome == Outcome::ok) instance_.count_inference();
  if (pending.mapped().respond) pending.mapped().respond(std::move(response));
  check_idle();
}

// ---- the end ----

void ModelService::drain(std::function<void()> on_idle) {
  phase_ = Phase::draining;
  on_idle_ = std::move(on_idle);
  for (auto& [ticket, respond] : std::exchange(held_, {})) respond(readiness({}));
  check_idle();
}

void ModelService::end_waiting() {
  std::vector<Ticket> tickets;
  for (const auto& [ticket, pending] : pending_) tickets.push_back(ticket);
  for (const Ticket ticket : tickets) {
    if (!pool_.drop(ticket)) continue;
    auto pending = pending_.extract(ticket);
    pending_bytes_ -= pending.mapped().bytes;
    metrics_.count(Outcome::refused);
    pending.mapped().respond(refuse(503, "This server is shutting down: send it elsewhere."));
  }
  check_idle();
}

void ModelService::check_idle() {
  if (pending_.empty() && on_idle_) std::exchange(on_idle_, nullptr)();
}

}  // namespace warmgate::model
