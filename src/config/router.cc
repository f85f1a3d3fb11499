#include "config/router.h"

#include <algorithm>
#include <tuple>

namespace warmgate::config {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Without port and final dot; an IPv6 address keeps its brackets.
std::string_view bare_host(std::string_view host) {
  size_t name_end = host.starts_with('[') ? host.find(']') : 0;
  if (name_end == std::string_view::npos) return host;
  host = host.substr(0, host.find(':', name_end));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

// `lowered` is lower case already.
bool ends_with_ignoring_case(std::string_view text, std::string_view lowered) {
  if (text.size() < lowered.size()) return false;
  text.remove_prefix(text.size() - lowered.size());
  return std::equal(text.begin(), text.end(), lowered.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

bool headers_match(const Service& service, const HeaderLookup& header) {
  return std::ranges::all_of(service.match.headers, [&](const HeaderMatch& wanted) {
    std::optional<std::string_view> value = header(wanted.name);
    return value && *value == wanted.value;
  });
}

std::vector<std::string> or_everything(const std::vector<std::string>& patterns) {
  return patterns.empty() ? std::vector<std::string>{""} : patterns;
}

}  // namespace

bool path_matches(std::string_view prefix, std::string_view target) {
  if (prefix.empty()) return true;
  if (!target.starts_with(prefix)) return false;
  if (prefix.ends_with('/') || target.size() == prefix.size()) return true;
  return target[prefix.size()] == '/' || target[prefix.size()] == '?';
}

Router::Router(const Config& config) {
  for (const Service& service : config.services) {
    for (const std::string& host : or_everything(service.match.hosts)) {
      const bool wildcard = host.starts_with('*');
      for (const std::string& path : or_everything(service.match.paths)) {
        candidates_.push_back(
            {wildcard ? host.substr(1) : host, !host.empty() && !wildcard, path, &service});
      }
    }
  }
  std::ranges::stable_sort(candidates_, more_specific);
}

bool Router::more_specific(const Candidate& a, const Candidate& b) {
  auto rank = [](const Candidate& c) {
    // A longer exact host is not more specific than a shorter one: at most one of them matches.
    return std::tuple(c.exact, c.exact ? 0 : c.host.size(), c.path.size(),
                      c.service->match.headers.size());
  };
  return rank(a) > rank(b);
}

const Service* Router::match(std::string_view host, std::string_view target,
                             const HeaderLookup& header) const {
  const std::string_view name = bare_host(host);
  for (const Candidate& candidate : candidates_) {
    if (candidate.exact && name.size() != candidate.host.size()) continue;
    // The leading dot of a suffix needs a label before it.
    if (!candidate.exact && !candidate.host.empty() && name.size() == candidate.host.size())
      continue;
    if (!ends_with_ignoring_case(name, candidate.host)) continue;
    if (!path_matches(candidate.path, target)) continue;
    if (!headers_match(*candidate.service, header)) continue;
    return candidate.service;
  }
  return nullptr;
}

RouteTraits route_traits(const Service& service, std::string_view target) {
  RouteTraits traits{false, service.repeatable, service.priority};
  const RouteRule* best = nullptr;
  for (const RouteRule& rule : service.routes) {
    if (!path_matches(rule.path, target)) continue;
    if (best == nullptr || rule.path.size() > best->path.size()) best = &rule;
  }
  if (best == nullptr) return traits;
  traits.heavy = best->heavy;
  traits.repeatable = best->repeatable.value_or(traits.repeatable);
  traits.priority = best->priority.value_or(traits.priority);
  return traits;
}

}  // namespace warmgate::config
