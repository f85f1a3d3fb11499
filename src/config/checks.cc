#include "config/checks.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "config/address.h"

namespace warmgate::config {
namespace {

constexpr size_t kMaxRoutes = 10'000;

std::string at(const char* list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void check_listeners(const Config& config, Report& report) {
  for (size_t i = 0; i < config.listen.size(); ++i) {
    const ListenAddress& address = config.listen[i];
    if (config.admin && overlap(address, *config.admin)) {
      report.error_at("admin", "is the same as the listen address " +
                                   quote(format_listen(address)) + "; choose another port");
    }
    for (size_t j = 0; j < i; ++j) {
      if (!overlap(address, config.listen[j])) continue;
      report.error_at(at("listen", i),
                      "is taken by " + quote(format_listen(config.listen[j])) + " already");
    }
  }
}

void check_tls(const Config& config, Report& report) {
  const bool wanted = std::ranges::any_of(config.listen, &ListenAddress::tls);
  if (wanted && config.tls.certificates.empty()) {
    report.error_at("tls", "needs `certificates`, for `listen` has an address with https://");
  }
  if (!wanted && !config.tls.certificates.empty()) {
    report.hint_at("tls", "has no effect: no address of `listen` begins with https://");
  }
}

void check_http2(const Config& config, Report& report) {
  if (config.http2.stream_window <= config.http2.connection_window) return;
  report.hint_at("http2.stream_window",
                 "is larger than `connection_window`, which holds for each request, too");
}

void check_names(const Config& config, Report& report) {
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < config.services.size(); ++i) {
    const auto [first, fresh] = seen.emplace(config.services[i].name, i);
    if (fresh) continue;
    report.error_at(at("services", i) + ".name", quote(first->first) + " is the name of " +
                                                     at("services", first->second) + " already");
  }
}

std::vector<std::string> or_everything(const std::vector<std::string>& patterns) {
  return patterns.empty() ? std::vector<std::string>{""} : patterns;
}

std::string describe(const std::string& host, const std::string& path) {
  const std::string where = path.empty() ? "every path" : "path " + quote(path);
  return (host.empty() ? "every host" : "host " + quote(host)) + " and " + where;
}

}  // namespace

void check_routes(const Config& config, Report& report) {
  size_t routes = 0;
  for (const Service& service : config.services) {
    routes += std::max<size_t>(service.match.hosts.size(), 1) *
              std::max<size_t>(service.match.paths.size(), 1);
  }
  if (routes > kMaxRoutes) {
    report.error_at("services", "have " + std::to_string(routes) +
                                    " pairs of a host and a path to match; at most " +
                                    std::to_string(kMaxRoutes) + " are taken");
    return;
  }
  using Headers = std::vector<std::pair<std::string, std::string>>;
  std::map<std::tuple<std::string, std::string, Headers>, size_t> owners;
  for (size_t i = 0; i < config.services.size(); ++i) {
    const Match& match = config.services[i].match;
    Headers headers;
    for (const HeaderMatch& header : match.headers) headers.emplace_back(header.name, header.value);
    std::ranges::sort(headers);
    for (const std::string& host : or_everything(match.hosts)) {
      for (const std::string& path : or_everything(match.paths)) {
        const auto [owner, fresh] = owners.emplace(std::tuple(host, path, headers), i);
        if (fresh || owner->second == i) continue;
        report.error_at(at("services", i) + ".match", "takes no request: " + describe(host, path) +
                                                          " with the same headers belong to " +
                                                          at("services", owner->second) +
                                                          " already");
        return;  // one is enough to see; two large services could clash in thousands
      }
    }
  }
}

void check_whole(const Config& config, Report& report) {
  check_listeners(config, report);
  check_tls(config, report);
  check_http2(config, report);
  check_names(config, report);
  check_routes(config, report);
  for (size_t i = 0; i < config.services.size(); ++i) {
    check_service(config, config.services[i], at("services", i), report);
  }
}

}  // namespace warmgate::config
