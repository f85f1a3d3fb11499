#include "gateway/tls_contexts.h"

#include <algorithm>

namespace warmgate::gateway {
namespace {

net::TlsClientSettings client_settings(const config::UpstreamTls& tls) {
  return {tls.ca_file, tls.verify, tls.client_certificate, tls.client_key};
}

bool uses_tls(const std::vector<config::Backend>& pool) {
  return std::ranges::any_of(
      pool, [](const config::Backend& backend) { return backend.scheme == config::Scheme::https; });
}

}  // namespace

const net::TlsClientContext* TlsContexts::client(const config::UpstreamTls& tls,
                                                 std::string_view where) {
  const net::TlsClientSettings settings = client_settings(tls);
  const auto known = std::ranges::find(clients_, settings, &Client::settings);
  if (known != clients_.end()) return &known->context;
  const auto context = net::TlsClientContext::load(settings, wall_seconds_);
  if (context) return &clients_.emplace_back(Client{settings, *context}).context;
  if (problem_.empty()) problem_ = std::string(where) + ": " + context.error().message;
  return nullptr;
}

net::TlsServerSettings server_settings(const config::DownstreamTls& tls) {
  net::TlsServerSettings settings;
  for (const config::CertificateFiles& files : tls.certificates) {
    settings.identities.push_back({files.certificate, files.key});
  }
  settings.client_ca_file = tls.client_ca_file;
  return settings;
}

std::optional<std::string> find_tls_fault(const config::Config& config, double wall_seconds) {
  if (!config.tls.certificates.empty()) {
    const Status usable = net::TlsServer::check(server_settings(config.tls), wall_seconds);
    if (!usable) return "tls: " + usable.error().message;
  }
  TlsContexts contexts(wall_seconds);
  for (const config::Service& service : config.services) {
    const std::string where = "service " + service.name;
    if (uses_tls(service.always_on)) {
      contexts.client(service.always_on_tls, where + ": always_on.tls");
    }
    if (uses_tls(service.serverless)) {
      contexts.client(service.serverless_tls, where + ": serverless.tls");
    }
  }
  if (contexts.problem().empty()) return std::nullopt;
  return contexts.problem();
}

}  // namespace warmgate::gateway
