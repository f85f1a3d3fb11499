// Target: where a load goes, from its URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace warmgate::load {

struct Target {
  bool https = false;
  std::string host;  // without the brackets of an IPv6 address
  uint16_t port = 80;
  std::string authority;  // for the Host field
  std::string path;       // with the query; "/" when the URL has none

  std::string url() const { return (https ? "https://" : "http://") + authority + path; }
};

// "http[s]://HOST[:PORT][/PATH][?QUERY]". Errors say what is wrong with it.
Result<Target> parse_target(std::string_view url);

// True for what may stand in a request line: it begins with '/' and has no space or control.
bool is_request_path(std::string_view path);

}  // namespace warmgate::load
