#include "gateway/gateway.h"

#include <algorithm>

#include "base/log.h"
#include "gateway/local_reply.h"

namespace warmgate::gateway {
namespace {

transport::H2Limits h2_limits(const config::Http2Limits& config) {
  transport::H2Limits limits;
  limits.max_streams = config.max_concurrent_streams;
  limits.stream_window = config.stream_window;
  limits.connection_window = config.connection_window;
  limits.floods = {config.resets, config.resets_per_second, config.idle_frames,
                   config.idle_frames_per_second};
  return limits;
}

transport::ServerLimits server_limits(const config::Config& config) {
  transport::ServerLimits limits;
  limits.head.max_bytes = config.limits.max_head;
  limits.head.max_fields = config.limits.max_headers;
  limits.max_connections = config.limits.max_connections;
  limits.header_timeout = config.timeouts.header;
  limits.body_timeout = config.timeouts.idle;
  limits.write_timeout = config.timeouts.idle;
  limits.keep_alive = config.timeouts.keep_alive;
  limits.h2 = h2_limits(config.http2);
  return limits;
}

Result<net::Address> address_of(const config::ListenAddress& listen) {
  std::string host = listen.host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return net::Address::parse(host + ":" + std::to_string(listen.port));
}

}  // namespace

Gateway::Gateway(net::Loop& loop, net::Resolver& resolver, const config::Config& config,
                 AccessLog::Sink access_sink, uint64_t seed, HashKey secret)
    : loop_(loop),
      config_(config),
      router_(config),
      access_log_(loop, config.log.format, config.log.access ? std::move(access_sink) : nullptr),
      started_at_(loop.now()),
      tls_(loop.wall_seconds()),
      server_(loop, *this, server_limits(config)),
      grpc_health_([this](std::string_view service) { return serving(service); }) {
  for (const config::Service& service : config.services) {
    services_.push_back(std::make_unique<Service>(
        Surroundings{loop, resolver, access_log_, tls_, [this] { try_start(); }, seed++, secret},
        config, service));
  }
}

void Gateway::start(StartHandler on_started) {
  if (const Status opened = open_tls(); !opened) {
    return on_started(StartFailure::bad_tls, opened.error().message);
  }
  on_started_ = std::move(on_started);
  try_start();
}

// What is wrong with the files that the configuration names is told before anything else happens.
Status Gateway::open_tls() {
  if (!tls_.problem().empty()) return Error{tls_.problem()};
  if (std::ranges::none_of(config_.listen, &config::ListenAddress::tls)) return success();
  auto opened = net::TlsServer::open(loop_, server_settings(config_.tls));
  if (!opened) return Error{"tls: " + opened.error().message};
  tls_server_ = std::move(*opened);
  return success();
}

// True when every name was looked up; `problem` is a sentence about the first that has no address.
bool Gateway::names_settled(std::string& problem) const {
  for (const auto& service : services_) {
    for (const policy::PoolKind pool :
         {policy::PoolKind::always_on, policy::PoolKind::serverless}) {
      for (const auto& backend : service->backends(pool)) {
        if (!backend->name().settled()) return false;
        if (backend->name().addresses().empty() && problem.empty()) {
          problem = "backend " + backend->config().url + ": " + backend->name().error();
        }
      }
    }
  }
  return true;
}

void Gateway::try_start() {
  std::string problem;
  if (!on_started_ || !names_settled(problem)) return;
  const StartHandler on_started = std::exchange(on_started_, nullptr);
  if (!problem.empty()) return on_started(StartFailure::unresolved_name, problem);
  for (const config::ListenAddress& listen : config_.listen) {
    const auto address = address_of(listen);
    if (!address) return on_started(StartFailure::cannot_listen, address.error().message);
    const Status listening = server_.listen(*address, listen.tls ? tls_server_.get() : nullptr);
    if (!listening) return on_started(StartFailure::cannot_listen, listening.error().message);
  }
  started_ = true;
  for (const auto& service : services_) service->start();
  on_started(StartFailure::none, {});
}

const Service* Gateway::find_service(std::string_view name) const {
  const auto found = std::ranges::find(
      services_, name,
      [](const auto& service) -> const std::string& { return service->config().name; });
  return found == services_.end() ? nullptr : found->get();
}

void Gateway::drain() {
  if (draining_) return;
  draining_ = true;
  for (const auto& service : services_) service->drain();
  server_.drain();
}

void Gateway::cut_tunnels() {
  for (const auto& service : services_) service->cut_tunnels();
}

bool Gateway::drained() const {
  return draining_ && server_.connections() == 0;
}

GrpcHealth::Serving Gateway::serving(std::string_view service) const {
  const auto has_name = [service](const config::Service& each) { return each.name == service; };
  if (!service.empty() && std::ranges::none_of(config_.services, has_name)) {
    return GrpcHealth::Serving::unknown_service;
  }
  return draining_ ? GrpcHealth::Serving::no : GrpcHealth::Serving::yes;
}

// The router's own Service is the one in the configuration; ours has the same index.
Service* Gateway::route(const http::RequestHead& head) {
  const auto lookup = [&head](std::string_view name) -> std::optional<std::string_view> {
    const http::Field* field = head.fields.find(name);
    return field == nullptr ? std::nullopt : std::optional(field->value);
  };
  const config::Service* found = router_.match(head.authority, head.target, lookup);
  if (found == nullptr) return nullptr;
  return services_[static_cast<size_t>(found - config_.services.data())].get();
}

void Gateway::on_request(const http::RequestHead& head, transport::ServerTransaction& transaction) {
  if (http::is_grpc(head.fields) && GrpcHealth::is_for(head.target)) [[unlikely]] {
    return grpc_health_.handle(head, transaction);
  }
  if (Service* service = route(head)) return service->handle(head, transaction);
  ++unrouted_;
  LocalReply reply;
  reply.grpc = http::is_grpc(head.fields);
  reply.status = 404;
  reply.reason = "no-route";
  reply.detail = "No service of this gateway matches the host and path of this request.";
  send_problem(transaction, reply, loop_.wall_seconds(), head.method == http::Method::head);
}

}  // namespace warmgate::gateway
