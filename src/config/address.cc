#include "config/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "config/report.h"

namespace warmgate::config {
namespace {

bool is_ipv6(std::string_view host) {
  in6_addr ignored;
  if (host.find('\0') != std::string_view::npos) return false;  // inet_pton would read up to it
  return inet_pton(AF_INET6, std::string(host).c_str(), &ignored) == 1;
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

// What a request target may hold without being encoded.
bool is_path_char(char c) {
  return c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '"' && c != '<' && c != '>' &&
         c != '\\';
}

struct Authority {
  std::string host;  // without brackets
  bool has_port = false;
  uint16_t port = 0;
};

std::optional<uint16_t> parse_port(std::string_view text) {
  std::optional<uint64_t> port = parse_uint(text);
  if (!port || *port > 65'535 || text.size() > 5) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

// "host", "host:port", "[v6]", "[v6]:port"; the host may be empty.
Result<Authority> parse_authority(std::string_view text) {
  Authority out;
  std::string_view rest = text;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) {
      return Error{quote(text) + " has no valid IPv6 address between brackets"};
    }
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const size_t end = std::min(text.find(':'), text.size());
    out.host = text.substr(0, end);
    rest = text.substr(end);
    if (rest.find(':', 1) != std::string_view::npos && is_ipv6(text)) {
      return Error{"an IPv6 address needs brackets: [" + std::string(text) + "]"};
    }
    if (!out.host.empty() && !is_host(out.host)) {
      return Error{quote(out.host) + " is no host name and no address"};
    }
  }
  if (rest.empty()) return out;
  std::optional<uint16_t> port = parse_port(rest.substr(1));
  if (rest.front() != ':' || !port) {
    return Error{quote(rest) + " is no port; it is a number from 1 to 65535 after a colon"};
  }
  out.has_port = true;
  out.port = *port;
  return out;
}

std::optional<Scheme> take_scheme(std::string_view& url) {
  const size_t end = url.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view name = url.substr(0, end);
  url.remove_prefix(end + 3);
  if (equals_ignoring_case(name, "http")) return Scheme::http;
  if (equals_ignoring_case(name, "https")) return Scheme::https;
  return std::nullopt;
}

bool is_any(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

}  // namespace

bool is_host(std::string_view host) {
  if (is_ipv6(host)) return true;
  if (host.empty() || host.size() > 253 || host.starts_with('.') || host.starts_with('-')) {
    return false;
  }
  return std::ranges::all_of(host, is_name_char) && host.find("..") == std::string_view::npos;
}

Result<Backend> parse_backend_url(std::string_view url) {
  Backend out;
  out.url = url;
  std::string_view rest = url;
  std::optional<Scheme> scheme = take_scheme(rest);
  if (!scheme) return Error{quote(url) + " is no address; write http://HOST:PORT or https://HOST"};
  out.scheme = *scheme;
  const size_t path_at = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, path_at);
  std::string_view path = rest.substr(path_at);
  if (authority.find('@') != std::string_view::npos) {
    return Error{"an address must not hold a user name or password"};
  }
  Result<Authority> parsed = parse_authority(authority);
  if (!parsed) return parsed.error();
  if (parsed->host.empty())
    return Error{quote(url) + " has no host; write http://HOST:PORT or https://HOST"};
  if (parsed->has_port && parsed->port == 0) return Error{"port 0 cannot be connected to"};
  if (!std::ranges::all_of(path, is_path_char)) {
    return Error{quote(path) + " is no path; queries, fragments and blanks are not taken"};
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  out.host = parsed->host;
  out.port = parsed->has_port ? parsed->port : *scheme == Scheme::https ? 443 : 80;
  out.base_path = path;
  out.host_header = authority;
  return out;
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const std::optional<Scheme> scheme = has_scheme ? take_scheme(text) : Scheme::http;
  if (!scheme) return Error{quote(text) + " begins with neither http:// nor https://"};
  if (!text.empty() && parse_port(text)) {
    return Error{"an address to listen on has a colon before its port: \":" + std::string(text) +
                 "\" for every address, or 127.0.0.1:" + std::string(text)};
  }
  Result<Authority> parsed = parse_authority(text);
  if (!parsed) return parsed.error();
  if (!parsed->has_port) return Error{quote(text) + " has no port; write HOST:PORT or \":PORT\""};
  return ListenAddress{parsed->host, parsed->port, *scheme == Scheme::https};
}

std::string format_listen(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (address.tls ? "https://" : "") + (v6 ? "[" + address.host + "]" : address.host) + ":" +
         std::to_string(address.port);
}

bool overlap(const ListenAddress& a, const ListenAddress& b) {
  if (a.port != b.port || a.port == 0) return false;
  return a.host == b.host || is_any(a.host) || is_any(b.host);
}

}  // namespace warmgate::config
