// Addresses, as people write them: of backends (URLs) and of listeners.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace warmgate::config {

// Parses "http[s]://host[:port][/base/path]" with a name, an IPv4 or a "[bracketed]" IPv6 address.
// User names, queries and fragments are refused. `host_header` becomes the URL's authority.
Result<Backend> parse_backend_url(std::string_view url);

// Parses ":8080", "127.0.0.1:8080", "[::1]:8080" or "name:8080", each perhaps behind "https://".
Result<ListenAddress> parse_listen(std::string_view text);

// What parse_listen reads back.
std::string format_listen(const ListenAddress& address);

// Would one take what is sent to the other? "" is every address.
bool overlap(const ListenAddress& a, const ListenAddress& b);

// Is `host` an IPv4 or IPv6 address (without brackets), or a name that DNS could know?
bool is_host(std::string_view host);

}  // namespace warmgate::config
