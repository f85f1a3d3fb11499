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

// `suffix` is lower case and begins with the dot, before which a label must stand; or it is empty.
bool has_suffix(std::string_view host, std::string_view suffix) {
  if (suffix.empty()) return true;
  if (host.size() <= suffix.size()) return false;
  host.remove_prefix(host.size() - suffix.size());
  return std::ranges::equal(host, suffix, [](char a, char b) { return lower(a) == b; });
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
      std::vector<Candidate>& list = host.empty() || wildcard ? others_ : by_exact_host_[host];
      for (const std::string& path : or_everything(service.match.paths)) {
        list.push_back({wildcard ? host.substr(1) : "", path, &service});
      }
    }
  }
  for (auto& [host, list] : by_exact_host_) std::ranges::stable_sort(list, more_specific);
  std::ranges::stable_sort(others_, more_specific);
}

bool Router::LessIgnoringCase::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::lexicographical_compare(a, b,
                                              [](char x, char y) { return lower(x) < lower(y); });
}

bool Router::more_specific(const Candidate& a, const Candidate& b) {
  auto rank = [](const Candidate& c) {
    return std::tuple(c.suffix.size(), c.path.size(), c.service->match.headers.size());
  };
  return rank(a) > rank(b);
}

const Service* Router::first_match(const std::vector<Candidate>& candidates, std::string_view host,
                                   std::string_view target, const HeaderLookup& header) {
  for (const Candidate& candidate : candidates) {
    if (!has_suffix(host, candidate.suffix)) continue;
    if (!path_matches(candidate.path, target)) continue;
    if (headers_match(*candidate.service, header)) return candidate.service;
  }
  return nullptr;
}

const Service* Router::match(std::string_view host, std::string_view target,
                             const HeaderLookup& header) const {
  const std::string_view name = bare_host(host);
  if (auto exact = by_exact_host_.find(name); exact != by_exact_host_.end()) {
    const Service* service = first_match(exact->second, name, target, header);
    if (service != nullptr) return service;
  }
  return first_match(others_, name, target, header);
}

RouteTraits route_traits(const Service& service, std::string_view target) {
  RouteTraits traits{false, service.repeatable, service.gather_body, service.priority};
  const RouteRule* best = nullptr;
  for (const RouteRule& rule : service.routes) {
    if (!path_matches(rule.path, target)) continue;
    if (best == nullptr || rule.path.size() > best->path.size()) best = &rule;
  }
  if (best == nullptr) return traits;
  traits.heavy = best->heavy;
  traits.repeatable = best->repeatable.value_or(traits.repeatable);
  traits.gather_body = best->gather_body.value_or(traits.gather_body);
  traits.priority = best->priority.value_or(traits.priority);
  return traits;
}

}  // namespace warmgate::config
