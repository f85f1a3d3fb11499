#include "gateway/service.h"

#include <algorithm>
#include <cstdio>

#include "base/assert.h"
#include "base/log.h"
#include "gateway/fair_key.h"
#include "http/upgrade.h"

namespace warmgate::gateway {

using policy::Outcome;
using policy::PoolKind;

namespace {

transport::ClientProtocol client_protocol(config::Protocol protocol) {
  switch (protocol) {
    case config::Protocol::http1:
      return transport::ClientProtocol::http1;
    case config::Protocol::h2:
      return transport::ClientProtocol::h2;
    case config::Protocol::automatic:
      break;
  }
  return transport::ClientProtocol::automatic;
}

transport::ClientLimits client_limits(const config::Config& config, const config::Service& service,
                                      config::Protocol protocol, uint32_t workers) {
  transport::ClientLimits limits;
  limits.head.max_bytes = config.limits.max_head;
  limits.head.max_fields = config.limits.max_headers;
  limits.connect_timeout = service.timeouts.connect;
  limits.keep_alive = service.timeouts.keep_alive;
  limits.max_idle = (service.limits.max_idle_connections + workers - 1) / workers;
  limits.protocol = client_protocol(protocol);
  limits.write_timeout = service.timeouts.idle;
  return limits;
}

bool may_speak_h2(const std::vector<config::Backend>& pool, config::Protocol protocol) {
  return std::ranges::all_of(pool, [protocol](const config::Backend& backend) {
    return protocol == config::Protocol::h2 ||
           (protocol == config::Protocol::automatic && backend.scheme == config::Scheme::https);
  });
}

// HTTP/2 has no upgrades; and a request may go to either pool.
bool knows_no_upgrades(const config::Service& service) {
  return (!service.always_on.empty() && service.always_on_protocol == config::Protocol::h2) ||
         (!service.serverless.empty() && service.serverless_protocol == config::Protocol::h2);
}

[[gnu::noinline]] void object_to_upgrade(const config::Service& service,
                                         const http::RequestHead& head,
                                         policy::RequestArrived& event, LocalReply& reply) {
  const http::UpgradeWish wish = http::read_upgrade(head);
  // What was said to one backend cannot be said to another.
  if (!wish.protocol.empty()) event.repeatable = false;
  if (!wish.protocol.empty() && knows_no_upgrades(service)) {
    reply.status = 501;
    reply.reason = "no-upgrade";
    reply.detail =
        "A pool of this service speaks only HTTP/2 with its backends (protocol: h2), which has no "
        "upgrades.";
    return;
  }
  if (!wish.malformed) return;
  reply.reason = "bad-upgrade";
  reply.detail = "The field Upgrade must be a list of protocols, such as websocket.";
}

}  // namespace

Service::Service(const Surroundings& surroundings, const config::Config& config,
                 const config::Service& service, SharedDispatcher& dispatcher)
    : worker_(surroundings.worker),
      loop_(surroundings.loop),
      access_log_(surroundings.access_log),
      config_(service),
      carries_grpc_(may_speak_h2(service.always_on, service.always_on_protocol) &&
                    may_speak_h2(service.serverless, service.serverless_protocol)),
      prng_(surroundings.seed),
      secret_(surroundings.secret),
      dispatcher_(dispatcher),
      timer_(loop_.timers(), [this] { step(policy::TimerFired{}); }),
      model_check_(loop_, service.model, service.name),
      schedule_clock_(loop_, service.schedules,
                      [this](const policy::ScheduleTold& told) { step(told); }) {
  const auto add = [&](PoolKind pool, const std::vector<config::Backend>& backends,
                       const config::UpstreamTls& tls, config::Protocol protocol, const char* key) {
    Backend::Settings settings{client_limits(config, service, protocol, surroundings.workers),
                               config.resolve_interval, nullptr, tls.server_name};
    for (const config::Backend& backend : backends) {
      const bool https = backend.scheme == config::Scheme::https;
      settings.tls =
          https ? surroundings.tls.client(tls, "service " + service.name + ": " + key) : nullptr;
      backends_[static_cast<size_t>(pool)].push_back(std::make_unique<Backend>(
          loop_, surroundings.resolver, backend, settings, surroundings.on_resolved));
    }
  };
  add(PoolKind::always_on, service.always_on, service.always_on_tls, service.always_on_protocol,
      "always_on.tls");
  add(PoolKind::serverless, service.serverless, service.serverless_tls, service.serverless_protocol,
      "serverless.tls");
  dispatcher_.tell_by(worker_, [this] { loop_.post([this] { collect(); }); });
}

Service::~Service() = default;

void Service::start() {
  step(policy::TimerFired{});
  schedule_clock_.start();
}

void Service::drain() {
  step(policy::DrainStarted{});
}

void Service::cut_tunnels() {
  std::vector<policy::RequestId> tunnels;
  exchanges_.for_each([&](policy::Slot, const Exchange& exchange) {
    if (exchange.tunnels()) tunnels.push_back(exchange.id());
  });
  for (const policy::RequestId id : tunnels) exchange(id).cut_tunnel();
}

// ---- a request's way in and out ----

// What is wrong with a request before it is the policy's affair; empty reason: nothing.
LocalReply Service::objection(const http::RequestHead& head, policy::RequestArrived& event) {
  LocalReply reply;
  reply.status = 400;
  reply.grpc = head.method == http::Method::post && http::is_grpc(head.fields);
  if (head.content_length > config_.limits.max_body) {
    ++counters_.body_too_large;
    reply.status = 413;
    reply.reason = "body-too-large";
    reply.detail = "The request body is larger than this service accepts.";
  } else if (!read_client_limit(head, event.client_limit)) {
    reply.reason = "bad-timeout";
    reply.detail = "The field warmgate-timeout must be a duration with a unit, such as 800ms.";
  } else if (reply.grpc && !carries_grpc_) {
    reply.status = 501;
    reply.reason = "no-http2";
    reply.detail =
        "gRPC needs HTTP/2 with all backends of this service: set protocol: h2 for its pools (or "
        "https:// backends that agree to it).";
  } else if (reply.grpc && !read_grpc_timeout(head, event.client_limit)) {
    reply.reason = "bad-timeout";
    reply.detail = "The field grpc-timeout must be up to eight digits and a unit, such as 800m.";
  } else if (!read_priority(head, event.priority)) {
    reply.reason = "bad-priority";
    reply.detail = "The field warmgate-priority must be high or low.";
  } else if (head.wants_upgrade) [[unlikely]] {
    object_to_upgrade(config_, head, event, reply);
  }
  return reply;
}

void Service::handle(const http::RequestHead& head, transport::ServerTransaction& transaction) {
  const config::RouteTraits traits = config::route_traits(config_, head.target);
  policy::RequestArrived event;
  event.bytes = head.content_length;
  event.bytes_known = head.framing != http::Framing::chunked;
  event.priority = traits.priority;
  event.heavy = traits.heavy;
  event.repeatable = traits.repeatable;
  if (config_.policy.queue.fair) {
    event.key = fair_key(config_.fair, secret_, head, transaction.peer_ip());
  }
  if (const LocalReply reply = objection(head, event); !reply.reason.empty()) {
    send_problem(transaction, reply, loop_.wall_seconds(), head.method == http::Method::head);
    return;
  }
  event.request = dispatcher_.request_id(worker_, ++last_request_);
  const policy::Slot slot =
      exchanges_.insert(event.request, *this, event.request, head, transaction);
  if (exchanges_[slot].begin(event, traits.gather_body)) step(event);  // may end the exchange
}

void Service::announce(const policy::RequestArrived& arrival) {
  const policy::RequestId id = arrival.request;
  const bool gathers = arrival.gathers > 0;
  step(arrival);
  if (!gathers) return;
  const policy::Slot slot = exchanges_.find(id);
  if (slot != policy::kNoSlot) exchanges_[slot].admitted();
}

void Service::body_here(Exchange& exchange, uint64_t bytes) {
  step(policy::BodyHere{exchange.id(), bytes});
}

void Service::request_gone(Exchange& exchange) {
  step(policy::ClientGone{exchange.id()});
  WG_ASSERT(exchange.attempts().empty(), "an attempt outlived its request");
}

void Service::replay_lost(Exchange& exchange) {
  ++counters_.replay_lost;
  step(policy::ReplayLost{exchange.id()});
}

void Service::exchange_over(Exchange& exchange, AccessRecord& record) {
  record.service = config_.name;
  const auto answerer = static_cast<size_t>(record.answerer);
  const size_t status_class = record.status / 100u;
  if (status_class < kStatusClasses) ++counters_.responses[answerer][status_class];
  counters_.duration[answerer].record(record.answered);
  counters_.queue_time.record(record.queued);
  if (record.body > Duration::zero()) counters_.body_time.record(record.body);
  counters_.request_bytes += record.request_bytes;
  counters_.response_bytes += record.response_bytes;
  if (record.answered > config_.policy.slo) ++counters_.over_slo;
  if (exchange.tunnels()) {
    --counters_.tunnels_open;
    counters_.tunnel_duration.record(record.latency - record.answered);
  }
  access_log_.write(record);
  exchanges_.erase(exchanges_.find(exchange.id()));
}

// ---- attempts and probes ----

Attempt* Service::find_attempt(policy::AttemptId id) {
  const policy::Slot slot = attempts_.find(id);
  return slot == policy::kNoSlot ? nullptr : &attempts_[slot];
}

Attempt& Service::attempt(policy::AttemptId id) {
  Attempt* const found = find_attempt(id);
  WG_ASSERT(found != nullptr, "the policy names an attempt that is over");
  return *found;
}

Exchange& Service::exchange(policy::RequestId id) {
  const policy::Slot slot = exchanges_.find(id);
  WG_ASSERT(slot != policy::kNoSlot, "the policy names a request that is over");
  return exchanges_[slot];
}

// nullptr: it is over, and another worker's step could not know it yet.
Exchange* Service::find_exchange(policy::RequestId id) {
  const policy::Slot slot = exchanges_.find(id);
  WG_ASSERT(slot != policy::kNoSlot || dispatcher_.shared(),
            "the policy names a request that is over");
  return slot == policy::kNoSlot ? nullptr : &exchanges_[slot];
}

void Service::attempt_first_byte(Attempt& attempt, const policy::AttemptFirstByte& event) {
  const auto waited = loop_.now() - attempt.started_at();
  if (attempt.saw_cold_start()) {
    counters_.first_byte_cold.record(waited);
  } else {
    counters_.first_byte_warm[static_cast<size_t>(attempt.pool())].record(waited);
  }
  backend_answered(attempt.backend());
  step(event);
}

void Service::attempt_finished(Attempt& attempt, Outcome outcome) {
  Exchange& exchange = attempt.exchange();
  const policy::AttemptId id = attempt.id();
  ++counters_.attempts[static_cast<size_t>(attempt.pool())][static_cast<size_t>(outcome)];
  remove(attempt);
  if (exchange.over()) exchange.finish();
  step(policy::AttemptFinished{id, outcome});
}

void Service::remove(Attempt& attempt) {
  const policy::AttemptId id = attempt.id();
  attempt.exchange().attempt_ended(attempt);
  attempts_.erase(attempts_.find(id));
}

void Service::probe_finished(Probe& probe, const ProbeResult& result) {
  for (auto it = probes_.begin(); it != probes_.end(); ++it) {
    if (it->second.get() != &probe) continue;
    const policy::ProbeId id = it->first;
    const std::unique_ptr<Probe> ended = std::move(it->second);
    probes_.erase(it);
    return step(policy::ProbeFinished{id, result.outcome, result.evidence});
  }
}

void Service::backend_answered(policy::BackendRef ref) {
  if (worker_ != 0) return;
  Backend& answered = backend(ref);
  model_check_.on_answer(ref.pool, answered.pool(), answered.config().host_header,
                         answered.config().base_path);
}

Backend& Service::backend(policy::BackendRef ref) {
  return *backends_[static_cast<size_t>(ref.pool)].at(ref.index);
}

// ---- the policy's actions ----

void Service::step(const policy::Event& event) {
  if (stepping_) {
    pending_.push_back(event);
    return;
  }
  stepping_ = true;
  dispatcher_.step(worker_, loop_.now(), event, actions_);
  carry_out();
}

// Another worker's step had something for this one.
void Service::collect() {
  stepping_ = true;
  dispatcher_.collect(worker_, actions_);
  carry_out();
}

void Service::carry_out() {
  for (size_t next = 0;; ++next) {
    for (const policy::Action& action : actions_) {
      std::visit([this](const auto& concrete) { apply(concrete); }, action);
    }
    actions_.clear();
    if (next == pending_.size()) break;
    const policy::Event event_of_an_action = pending_[next];
    dispatcher_.step(worker_, loop_.now(), event_of_an_action, actions_);
  }
  pending_.clear();
  stepping_ = false;
}

void Service::apply(const policy::StartAttempt& action) {
  Exchange& of = exchange(action.request);
  if (!of.can_begin_again()) [[unlikely]] {
    // Another worker's step could not know it yet: nobody was asked, and nobody is to blame.
    pending_.emplace_back(policy::AttemptFinished{action.attempt, Outcome::refused_busy});
    return;
  }
  const policy::Slot slot =
      attempts_.insert(action.attempt, *this, of, action, backend(action.backend));
  attempts_[slot].start();
}

void Service::apply(const policy::Commit& action) {
  attempt(action.attempt).commit();
}

void Service::apply(const policy::CancelAttempt& action) {
  Attempt& cancelled = attempt(action.attempt);
  const auto pool = static_cast<size_t>(cancelled.pool());
  ++counters_.attempts[pool][static_cast<size_t>(Outcome::cancelled)];
  remove(cancelled);
  pending_.emplace_back(policy::AttemptFinished{action.attempt, Outcome::cancelled});
}

void Service::apply(const policy::Reject& action) {
  if (Exchange* const rejected = find_exchange(action.request)) rejected->reject(action);
}

const std::string& Service::probe_path(const policy::StartProbe& action) const {
  const config::Probes& probes = config_.probes;
  if (action.backend.pool == PoolKind::always_on) return probes.health_path;
  const bool release = action.kind == policy::ProbeKind::release;
  return release ? probes.release_path.value() : probes.wake_path;
}

void Service::apply(const policy::StartProbe& action) {
  Backend& target = backend(action.backend);
  ProbeRequest request;
  request.release = action.kind == policy::ProbeKind::release;
  request.path = target.config().base_path + probe_path(action);
  request.authority = target.config().host_header;
  request.timeout = action.timeout;
  request.hold = action.hold;
  if (action.kind == policy::ProbeKind::wake) request.accepted = &counters_.wake_accepted;
  const policy::ProbeId id = action.probe;
  const policy::BackendRef ref = action.backend;
  probes_[id] = std::make_unique<Probe>(loop_, target.pool(), request,
                                        [this, id, ref](const ProbeResult& result) {
                                          if (result.outcome == Outcome::ok) backend_answered(ref);
                                          probe_finished(*probes_.at(id), result);
                                        });
}

void Service::apply(const policy::SetTimer& action) {
  timer_.arm(action.at);
}

void Service::apply(const policy::Preconnect& action) {
  backend(action.backend).pool().preconnect(action.connections);
}

void Service::apply(const policy::BudgetCrossed& action) {
  char usd[100];
  std::snprintf(usd, sizeof(usd), "%.4g of %.4g USD", action.usd, action.limit_usd);
  const bool stops = config_.policy.budget.when_spent == policy::WhenSpent::stop_waking;
  const std::string subject = "service " + config_.name + ": the serverless pool's budget of a" +
                              (action.window == policy::BudgetWindow::hour ? "n " : " ") +
                              std::string(name(action.window));
  if (action.over) {
    log_warning("gateway", subject + " is spent (" + usd + ", by estimate)" +
                               (stops ? "; it is woken no more until the " +
                                            std::string(name(action.window)) + " has moved on"
                                      : "; as configured, nothing changes"));
  } else {
    log_info("gateway", subject + " is no longer exceeded (" + usd + ")");
  }
}

}  // namespace warmgate::gateway
