#include "gateway/worker.h"

#include <algorithm>

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

Worker::Worker(uint32_t index, uint32_t workers, const Site& site, const Common& common)
    : index_(index),
      loop_(site.loop),
      config_(common.config),
      router_(config_),
      access_log_(loop_, config_.log.format, config_.log.access ? common.access_sink : nullptr),
      tls_(loop_.wall_seconds()),
      server_(loop_, *this, server_limits(config_)),
      grpc_health_([this](std::string_view service) { return serving(service); }) {
  // Each has random numbers of its own.
  uint64_t seed = common.seed + index_ * config_.services.size();
  for (size_t i = 0; i < config_.services.size(); ++i) {
    services_.push_back(std::make_unique<Service>(
        Surroundings{index_, workers, loop_, site.resolver, access_log_, tls_,
                     [this] { look_whether_resolved(); }, seed++, common.secret},
        config_, config_.services[i], *common.dispatchers[i]));
  }
}

// ---- the start ----

Status Worker::open_tls() {
  if (!tls_.problem().empty()) return Error{tls_.problem()};
  if (std::ranges::none_of(config_.listen, &config::ListenAddress::tls)) return success();
  auto opened = net::TlsServer::open(loop_, server_settings(config_.tls));
  if (!opened) return Error{"tls: " + opened.error().message};
  tls_server_ = std::move(*opened);
  server_.use_tls(tls_server_.get());
  return success();
}

void Worker::share_tickets(const std::vector<std::unique_ptr<Worker>>& others) {
  if (tls_server_ == nullptr) return;
  std::vector<Worker*> followers;
  for (const auto& other : others) {
    if (other.get() == this) continue;
    other->tls_server_->follow(tls_server_->ticket_keys());
    followers.push_back(other.get());
  }
  tls_server_->on_new_keys([followers](const net::TlsServer::TicketKeys& keys) {
    for (Worker* follower : followers) {
      follower->loop_.post([follower, keys] { follower->tls_server_->follow(keys); });
    }
  });
}

void Worker::when_resolved(std::function<void(std::string problem)> told) {
  on_resolved_ = std::move(told);
  look_whether_resolved();
}

void Worker::look_whether_resolved() {
  std::string problem;
  if (!on_resolved_ || !names_settled(problem)) return;
  std::exchange(on_resolved_, nullptr)(std::move(problem));
}

bool Worker::names_settled(std::string& problem) const {
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

Status Worker::listen(const config::ListenAddress& at) {
  const auto address = address_of(at);
  if (!address) return address.error();
  using Security = transport::Server::Security;
  return server_.listen(*address, at.tls ? Security::tls : Security::clear);
}

void Worker::start() {
  for (const auto& service : services_) service->start();
}

// ---- the end ----

void Worker::drain() {
  if (index_ == 0) {
    for (const auto& service : services_) service->drain();
  }
  server_.drain();
}

void Worker::cut_tunnels() {
  for (const auto& service : services_) service->cut_tunnels();
}

// ---- requests ----

GrpcHealth::Serving Worker::serving(std::string_view service) const {
  const auto has_name = [service](const config::Service& each) { return each.name == service; };
  if (!service.empty() && std::ranges::none_of(config_.services, has_name)) {
    return GrpcHealth::Serving::unknown_service;
  }
  return server_.draining() ? GrpcHealth::Serving::no : GrpcHealth::Serving::yes;
}

// The router's own Service is the one in the configuration; ours has the same index.
Service* Worker::route(const http::RequestHead& head) {
  const auto lookup = [&head](std::string_view name) -> std::optional<std::string_view> {
    const http::Field* field = head.fields.find(name);
    return field == nullptr ? std::nullopt : std::optional(field->value);
  };
  const config::Service* found = router_.match(head.authority, head.target, lookup);
  if (found == nullptr) return nullptr;
  return services_[static_cast<size_t>(found - config_.services.data())].get();
}

void Worker::on_request(const http::RequestHead& head, transport::ServerTransaction& transaction) {
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
