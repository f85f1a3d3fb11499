// libFuzzer target: which service has a request. The input is text. Each line up to an empty one is
// a service, in words: hosts, paths, "+/path" where requests are heavy and "-/path" where they are
// not, and headers as NAME=VALUE. Each line behind it is a request: its target, its Host, and
// fields as NAME=VALUE. A first word may as well be the URL of a backend, and is read as one, too.
//
// Holds.  The Router finds what a slow and obvious search finds; it does not matter how the host is
//         spelled, what the query says, and whether the request came by HTTP/1 or HTTP/2; and what
//         is sent to a backend, whose URL we take, is a request that we would take.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "config/address.h"
#include "config/router.h"
#include "http/head_parser.h"
#include "http/header_block.h"
#include "http/target.h"
#include "route_reference.h"

namespace warmgate::test {
namespace {

constexpr size_t kMostServices = 8, kMostRequests = 8, kMostWords = 16;

using Words = std::vector<std::string>;

std::string with(std::string text, int (*change)(int)) {
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return text;
}

Words split(std::string_view text, char separator, size_t most) {
  Words parts;
  while (parts.size() < most) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// ---- services ----

bool is_path(std::string_view word) {
  http::RequestHead head;
  return word.starts_with('/') && http::parse_target(word, head) == nullptr &&
         word.find('?') == std::string_view::npos;
}

// What the loader takes in `match.hosts`.
bool is_host_pattern(std::string_view word) {
  if (word.starts_with('[') && word.ends_with(']')) {
    return word.find(':') != std::string_view::npos &&
           config::is_host(word.substr(1, word.size() - 2));
  }
  if (word.starts_with("*.")) word.remove_prefix(2);
  return word.find(':') == std::string_view::npos && !word.ends_with('.') && config::is_host(word);
}

config::Service service_of(const Words& words) {
  config::Service service;
  for (const std::string& word : words) {
    const std::string behind = word.substr(word.empty() ? 0 : 1);
    const size_t equals = word.find('=');
    if (is_path(word)) {
      service.match.paths.push_back(word);
    } else if ((word.starts_with('+') || word.starts_with('-')) && is_path(behind)) {
      service.routes.push_back({.path = behind, .heavy = word[0] == '+'});
    } else if (equals != std::string::npos) {
      const std::string name = with(word.substr(0, equals), std::tolower);
      service.match.headers.push_back({name, word.substr(equals + 1)});
    } else if (is_host_pattern(word)) {
      service.match.hosts.push_back(with(word, std::tolower));
    }
  }
  return service;
}

// ---- requests ----

const config::Service* route(const config::Router& router, const http::RequestHead& head) {
  return router.match(head.authority, head.target,
                      [&head](std::string_view name) -> std::optional<std::string_view> {
                        const http::Field* field = head.fields.find(name);
                        return field == nullptr ? std::nullopt : std::optional(field->value);
                      });
}

std::string http1_text(const Words& words) {
  const bool has_host = words.size() > 1;  // without one it is HTTP/1.0
  std::string wire = "GET " + words[0] + (has_host ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  if (has_host) wire += "Host: " + words[1] + "\r\n";
  for (size_t i = 2; i < words.size(); ++i) {
    const size_t equals = std::min(words[i].find('='), words[i].size());
    const std::string value = words[i].substr(std::min(equals + 1, words[i].size()));
    wire += words[i].substr(0, equals) + ": " + value + "\r\n";
  }
  return wire + "\r\n";
}

void check_spellings(const config::Router& router, const http::RequestHead& head,
                     const config::Service* expected) {
  http::RequestHead other = head;
  const std::string target = std::string(head.target.substr(0, head.target.find('?'))) + "?/a?b";
  other.target = target;
  WG_ASSERT(route(router, other) == expected, "a query is no part of a path");

  std::string host = with(std::string(head.authority), std::toupper);
  const bool has_port = host.find(':', host.find(']') + 1) != std::string::npos;
  if (host.empty() || has_port) return;
  if (!host.ends_with(']') && !host.ends_with('.')) host += '.';
  host += ":8080";
  other.authority = host;
  WG_ASSERT(route(router, other) == expected, "a host is a host, however it is spelled");
}

// Host and authority may differ in HTTP/1 only, and cookies are joined in HTTP/2.
void check_http2(const config::Router& router, const http::RequestHead& head,
                 const config::Service* expected) {
  http::HeaderBlock block{http::HeadLimits()};
  block.add(":method", "GET");
  block.add(":scheme", "https");
  block.add(":authority", head.authority);
  block.add(":path", head.target);
  for (const http::Field& field : head.fields) {
    if (field.id == http::FieldName::host && field.value != head.authority) return;
    const std::string name = with(std::string(field.name), std::tolower);
    if (name == "cookie") return;
    block.add(name, field.value);
  }
  http::RequestHead other;
  if (!block.finish_request(true, other)) return;
  WG_ASSERT(other.target == head.target && other.authority == head.authority, "the same request");
  WG_ASSERT(route(router, other) == expected, "HTTP/2 goes elsewhere");
}

void check_request(const config::Config& config, const config::Router& router, const Words& words) {
  const std::string wire = http1_text(words);
  http::HeadParser parser;
  http::RequestHead head;
  if (parser.parse_request(wire, head) != http::ParseStatus::complete) return;
  const config::Service* const expected = obvious_match(config, head);
  WG_ASSERT(route(router, head) == expected, "another service than the obvious one");
  check_spellings(router, head, expected);
  check_http2(router, head, expected);
  if (expected == nullptr) return;
  WG_ASSERT(
      config::route_traits(*expected, head.target).heavy == obviously_heavy(*expected, head.target),
      "another rule than the obvious one");
}

void check_backend_url(const std::string& url) {
  const Result<config::Backend> backend = config::parse_backend_url(url);
  if (!backend) return;
  http::RequestHead head;
  WG_ASSERT(http::is_valid_authority(backend->host_header), "a Host that we would refuse");
  const std::string target = backend->base_path + "/v2";
  WG_ASSERT(http::parse_target(target, head) == nullptr, "a target that we would refuse");
  WG_ASSERT(head.target == target, "a target that is not a path");
}

void check(std::string_view services, std::string_view requests) {
  config::Config config;
  for (const std::string& line : split(services, '\n', kMostServices)) {
    config.services.push_back(service_of(split(line, ' ', kMostWords)));
  }
  const config::Router router(config);
  for (const std::string& line : split(requests, '\n', kMostRequests)) {
    const Words words = split(line, ' ', kMostWords);
    check_request(config, router, words);
    check_backend_url(words[0]);
  }
}

}  // namespace
}  // namespace warmgate::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t gap = text.find("\n\n");
  if (gap == std::string_view::npos) return 0;
  warmgate::test::check(text.substr(0, gap), text.substr(gap + 2));
  return 0;
}
