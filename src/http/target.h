// The request target and the authority (RFC 9112, 3.2; RFC 3986).
#pragma once

#include <string_view>

#include "http/message.h"

namespace warmgate::http {

// host [":" port], with a host that is not empty: a name, an IPv4 address or an IPv6 address in
// brackets. No user information, no percent-encoding, a port up to 65535 (or none behind the
// colon, as the grammar has it).
bool is_valid_authority(std::string_view authority);

// Checks `text` and splits it into head.target and, for the absolute form, head.authority.
// Returns nullptr, or what is wrong. Uses head.method.
const char* parse_target(std::string_view text, RequestHead& head);

}  // namespace warmgate::http
