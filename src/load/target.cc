#include "load/target.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/target.h"

namespace warmgate::load {
namespace {

Error wrong(std::string_view url, const std::string& why) {
  return Error{"the URL \"" + std::string(url) + "\" " + why +
               "; write it as http://127.0.0.1:8080/v2/models/digits/infer"};
}

// Splits "name:80" or "[::1]:80", which is known to be well formed.
void split_authority(std::string_view authority, Target& target) {
  size_t host_end = authority.front() == '[' ? authority.find(']') + 1 : authority.find(':');
  host_end = std::min(host_end, authority.size());
  const std::string_view host = authority.substr(0, host_end);
  target.host = host.front() == '[' ? host.substr(1, host.size() - 2) : host;
  if (host_end + 1 >= authority.size()) return;
  const auto port = parse_uint(authority.substr(host_end + 1));
  target.port = static_cast<uint16_t>(port.value_or(0));
}

}  // namespace

bool is_request_path(std::string_view path) {
  return path.starts_with('/') && std::none_of(path.begin(), path.end(), [](char c) {
           return c <= ' ' || c >= 0x7f || c == '#';
         });
}

Result<Target> parse_target(std::string_view url) {
  std::string_view rest = url;
  const size_t scheme_end = rest.find("://");
  const char* const no_scheme = "does not begin with http:// or https://";
  if (scheme_end == std::string_view::npos) return wrong(url, no_scheme);
  const std::string_view scheme = rest.substr(0, scheme_end);
  const bool https = equals_ignoring_case(scheme, "https");
  if (!https && !equals_ignoring_case(scheme, "http")) return wrong(url, no_scheme);
  rest.remove_prefix(scheme_end + 3);

  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  Target target;
  target.https = https;
  target.port = https ? 443 : 80;
  target.authority = rest.substr(0, authority_end);
  if (!http::is_valid_authority(target.authority)) return wrong(url, "has no valid host and port");
  split_authority(target.authority, target);
  if (target.port == 0) return wrong(url, "has port 0");

  target.path = rest.substr(authority_end);
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  if (!is_request_path(target.path)) {
    return wrong(url, "has a path with a space, a '#' or a byte that must be encoded as %XX");
  }
  return target;
}

}  // namespace warmgate::load
