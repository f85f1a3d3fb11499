#include "route_reference.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/text.h"

namespace warmgate::test {
namespace {

// The more, the better: an exact host, the length of a host's suffix, that of the path, headers.
using Fit = std::tuple<bool, size_t, size_t, size_t>;

std::string bare_host(std::string_view authority) {
  std::string host(authority);
  const size_t colon = host.rfind(':');
  const bool is_port = colon != std::string::npos && host.find(']', colon) == std::string::npos;
  if (is_port) host.resize(colon);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

bool is_suffix(const std::string& suffix, const std::string& host) {
  return host.size() > suffix.size() &&
         equals_ignoring_case(host.substr(host.size() - suffix.size()), suffix);
}

bool is_prefix(const std::string& prefix, std::string_view target) {
  const std::string path(target.substr(0, target.find('?')));
  const std::string folder = prefix.ends_with('/') ? prefix : prefix + "/";
  return path == prefix || path.starts_with(folder);
}

bool has_header(const http::RequestHead& head, const config::HeaderMatch& wanted) {
  const auto named = [&wanted](const http::Field& field) {
    return equals_ignoring_case(field.name, wanted.name);
  };
  const auto first = std::find_if(head.fields.begin(), head.fields.end(), named);
  return first != head.fields.end() && first->value == wanted.value;
}

std::optional<Fit> fit(const config::Match& match, const http::RequestHead& head) {
  const std::string host = bare_host(head.authority);
  bool exact = false, fits = match.hosts.empty();
  size_t suffix = 0;
  for (const std::string& pattern : match.hosts) {
    if (equals_ignoring_case(pattern, host)) exact = fits = true;
    if (!pattern.starts_with('*') || !is_suffix(pattern.substr(1), host)) continue;
    suffix = std::max(suffix, pattern.size() - 1);
    fits = true;
  }
  if (!fits) return std::nullopt;

  size_t path = 0;
  fits = match.paths.empty();
  for (const std::string& prefix : match.paths) {
    if (!is_prefix(prefix, head.target)) continue;
    path = std::max(path, prefix.size());
    fits = true;
  }
  for (const config::HeaderMatch& wanted : match.headers) fits = fits && has_header(head, wanted);
  if (!fits) return std::nullopt;
  return Fit(exact, exact ? 0 : suffix, path, match.headers.size());
}

}  // namespace

const config::Service* obvious_match(const config::Config& config, const http::RequestHead& head) {
  const config::Service* best = nullptr;
  std::optional<Fit> best_fit;
  for (const config::Service& service : config.services) {
    const std::optional<Fit> its = fit(service.match, head);
    if (!its || (best_fit && *its <= *best_fit)) continue;
    best = &service;
    best_fit = its;
  }
  return best;
}

bool obviously_heavy(const config::Service& service, std::string_view target) {
  const config::RouteRule* best = nullptr;
  for (const config::RouteRule& rule : service.routes) {
    const bool longer = best == nullptr || rule.path.size() > best->path.size();
    if (longer && is_prefix(rule.path, target)) best = &rule;
  }
  return best != nullptr && best->heavy;
}

}  // namespace warmgate::test
