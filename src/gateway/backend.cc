#include "gateway/backend.h"

#include <utility>

#include "base/log.h"

namespace warmgate::gateway {

Backend::Backend(net::Loop& loop, net::Resolver& resolver, const config::Backend& config,
                 const Settings& settings, std::function<void()> on_resolved)
    : loop_(loop),
      config_(config),
      tls_(settings.tls == nullptr
               ? std::nullopt
               : std::make_optional<net::TlsClient>(
                     loop, *settings.tls,
                     settings.server_name.empty() ? config.host : settings.server_name)),
      pool_(loop, settings.limits, tls_ ? &*tls_ : nullptr),
      name_(loop, resolver, config.host, config.port, {1s, settings.resolve_interval},
            [this, on_resolved = std::move(on_resolved)] {
              pool_.set_addresses(name_.addresses());
              on_resolved();
            }) {
  pool_.set_addresses(name_.addresses());
  pool_.on_problem([this] { log_problem(); });
}

void Backend::log_problem() {
  const std::string& problem = pool_.connect_problem();
  if (problem.empty()) {
    if (std::exchange(logged_open_, false)) {
      log_info("gateway", "backend " + config_.url + " can be connected to again");
    }
    return;
  }
  if (problem == logged_ && loop_.now() - logged_at_ < kLogAgain) return;
  log_warning("gateway", "backend " + config_.url + " cannot be connected to: " + problem);
  logged_ = problem;
  logged_at_ = loop_.now();
  logged_open_ = true;
}

}  // namespace warmgate::gateway
