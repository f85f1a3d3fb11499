#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "config/address.h"
#include "config/checks.h"

namespace warmgate::config {
namespace {

bool same_backend(const Backend& a, const Backend& b) {
  auto identity = [](const Backend& backend) {
    return std::tie(backend.scheme, backend.host, backend.port, backend.base_path,
                    backend.host_header);
  };
  return identity(a) == identity(b);
}

// A request to such a backend would come back to us, again and again.
bool is_ourselves(const Config& config, const Backend& backend) {
  const bool local =
      backend.host == "localhost" || backend.host == "::1" || backend.host.starts_with("127.");
  return std::ranges::any_of(config.listen, [&](const ListenAddress& listen) {
    if (listen.port != backend.port) return false;
    const bool any = listen.host.empty() || listen.host == "0.0.0.0" || listen.host == "::";
    return listen.host == backend.host || (local && any);
  });
}

void check_pool(const Config& config, const std::vector<Backend>& pool, const std::string& path,
                Report& report) {
  for (size_t i = 0; i < pool.size(); ++i) {
    const std::string key = path + ".backends[" + std::to_string(i) + "]";
    if (is_ourselves(config, pool[i])) {
      report.error_at(key, "is the gateway's own listen address; requests would go in a circle");
    }
    auto twin = std::find_if(pool.begin(), pool.begin() + static_cast<ptrdiff_t>(i),
                             [&](const Backend& other) { return same_backend(other, pool[i]); });
    if (twin != pool.begin() + static_cast<ptrdiff_t>(i)) {
      report.error_at(key, "stands in this pool twice; raise `concurrency` for more load on it");
    }
  }
}

void check_pools(const Config& config, const Service& service, const std::string& path,
                 Report& report) {
  if (service.always_on.empty() && service.serverless.empty()) {
    report.error_at(path, "has no backend; set `always_on.backends` and `serverless.backends`");
    return;
  }
  check_pool(config, service.always_on, path + ".always_on", report);
  check_pool(config, service.serverless, path + ".serverless", report);
  if (service.always_on.empty()) {
    report.hint_at(path, "has no always-on pool; nothing can answer while serverless starts");
  }
  if (service.serverless.empty()) {
    report.hint_at(path, "has no serverless pool; overload of the always-on pool has no way out");
  }
  const bool shared = std::ranges::any_of(service.always_on, [&](const Backend& a) {
    return std::ranges::any_of(service.serverless,
                               [&](const Backend& b) { return same_backend(a, b); });
  });
  if (shared) report.hint_at(path, "has the same backend in both pools");
}

void check_tls(const UpstreamTls& tls, const std::vector<Backend>& pool, const std::string& path,
               Report& report) {
  if (tls.client_certificate.empty() != tls.client_key.empty()) {
    report.error_at(path, "needs `client_certificate` and `client_key` together, or neither");
  }
  const bool used = std::ranges::any_of(
      pool, [](const Backend& backend) { return backend.scheme == Scheme::https; });
  if (!used && tls != UpstreamTls{}) {
    report.hint_at(path, "has no effect: no backend of this pool is https://");
  }
  if (used && !tls.verify) {
    report.hint_at(path + ".verify",
                   "is false: whoever sits on the way can be the backend, read every request and "
                   "answer it; give the backend's issuer as `ca_file` instead");
  }
}

void check_times(const Service& service, const std::string& path, Report& report) {
  const policy::ServiceSettings& policy = service.policy;
  if (policy.circuit.max_open < policy.circuit.open_for) {
    report.error_at(path + ".circuit.max_open", "must not be shorter than `open_for`");
  }
  const bool limited = service.timeouts.total != Duration::zero();
  if (limited && !policy.slo_first_byte && policy.slo > service.timeouts.total) {
    report.hint_at(path + ".slo", "is longer than `timeouts.total`, which ends requests before it");
  }
  if (policy.bypass.enabled && policy.bypass.min_delay >= policy.slo) {
    report.hint_at(path + ".bypass.min_delay", "is no shorter than the SLO: no bypass can help");
  }
  if (service.serverless.empty()) return;
  const Duration start = policy.serverless.expected_cold_start;
  if (policy.queue.cold_wait < start) {
    report.hint_at(path + ".queue.cold_wait", "is shorter than `serverless.expected_cold_start`");
  }
  if (policy.wake.timeout < start) {
    report.hint_at(path + ".wake.timeout", "is shorter than `serverless.expected_cold_start`");
  }
  if (service.timeouts.first_byte < start) {
    report.hint_at(path + ".timeouts.first_byte",
                   "is shorter than `serverless.expected_cold_start`");
  }
}

void check_money(const Service& service, const std::string& path, Report& report) {
  const bool by_request = service.policy.serverless.billing == policy::Billing::request;
  if (service.instance.gpu != billing::Gpu::none && by_request) {
    report.hint_at(path + ".serverless.instance.gpu",
                   "is billed by instance on Cloud Run; set `billing: instance`");
  }
  const policy::BudgetSettings& budget = service.policy.budget;
  const auto exceeds = [](double less, double more) { return more > 0 && less > more; };
  if (exceeds(budget.hour_usd, budget.day_usd) || exceeds(budget.hour_usd, budget.month_usd) ||
      exceeds(budget.day_usd, budget.month_usd)) {
    report.hint_at(path + ".budget", "allows a shorter time more than a longer one");
  }
}

void check_schedules(const Service& service, const std::string& path, Report& report) {
  for (size_t i = 0; i < service.schedules.size(); ++i) {
    const Result<schedule::Window> window = schedule::Window::parse(service.schedules[i]);
    if (window) continue;
    report.error_at(path + ".serverless.schedules[" + std::to_string(i) + "]",
                    window.error().message);
  }
}

void check_keep_warm(const Service& service, const std::string& path, Report& report) {
  const policy::ServerlessSettings& serverless = service.policy.serverless;
  if (!serverless.keep_warm) return;
  if (serverless.keep_warm_interval >= serverless.idle_lifetime) {
    report.hint_at(path + ".serverless.keep_warm_interval",
                   "is no shorter than `idle_lifetime`: the instance is gone when the ping comes");
  }
  if (serverless.billing == policy::Billing::instance) {
    report.hint_at(path + ".serverless.keep_warm",
                   "has no effect with `billing: instance`: a ping there costs idle time, and what "
                   "is kept is decided by its price");
  }
}

void check_release(const Service& service, const std::string& path, Report& report) {
  if (!service.probes.release_path ||
      service.policy.serverless.billing == policy::Billing::instance) {
    return;
  }
  report.hint_at(path + ".serverless.release_path",
                 "has no effect with `billing: request`: an idle instance costs nothing there");
}

void check_routes_within(const Service& service, const std::string& path, Report& report) {
  for (size_t i = 0; i < service.routes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (service.routes[i].path != service.routes[j].path) continue;
      report.error_at(path + ".routes[" + std::to_string(i) + "].path",
                      quote(service.routes[i].path) + " stands in this list already");
    }
  }
}

}  // namespace

void check_service(const Config& config, const Service& service, const std::string& path,
                   Report& report) {
  check_pools(config, service, path, report);
  check_tls(service.always_on_tls, service.always_on, path + ".always_on.tls", report);
  check_tls(service.serverless_tls, service.serverless, path + ".serverless.tls", report);
  check_times(service, path, report);
  check_keep_warm(service, path, report);
  check_money(service, path, report);
  check_schedules(service, path, report);
  check_release(service, path, report);
  check_routes_within(service, path, report);
  const FairKey& fair = service.fair;
  if (fair.by != FairBy::header && fair.header != FairKey{}.header) {
    report.hint_at(path + ".queue.fair_header", "has no effect without `fair_by: header`");
  }
  if (service.policy.queue.max_bytes < service.limits.max_body) {
    report.hint_at(path + ".queue.max_bytes",
                   "is less than `limits.max_body`: the longest bodies cannot wait");
  }
  const uint64_t longest =
      std::min<uint64_t>(service.limits.max_body, service.limits.replay_buffer);
  if (service.policy.queue.max_gathering_bytes < longest) {
    report.hint_at(path + ".queue.max_gathering_bytes",
                   "is less than `limits.replay_buffer`: the longest bodies are refused");
  }
}

}  // namespace warmgate::config
