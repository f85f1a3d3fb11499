// Leaving HTTP/1.1 for another protocol on the same connection (RFC 9110, 7.8): what a request asks
// for, and whether a response grants it.
//
// What is asked for on: a GET of HTTP/1.1 without a body whose Connection field says "upgrade"
// gets the first protocol of its Upgrade fields that a tunnel of bytes can carry. Any other wish is
// ignored, as the RFC allows: that of another method (as HAProxy does for those with a body), and
// those protocols that are HTTP or TLS again (h2c, HTTP/2.0, TLS/1.2). Behind such a tunnel would
// run requests that no gateway sees ("h2c smuggling").
#pragma once

#include <string_view>

#include "http/message.h"

namespace warmgate::http {

struct UpgradeWish {
  std::string_view protocol;  // such as "websocket", a view into the head; empty: none
  bool malformed = false;     // an Upgrade field holds what is no list of protocols
};

UpgradeWish read_upgrade(const RequestHead& head);

// Does this response of status 101 switch to `protocol`, and to nothing else?
bool grants_upgrade(const ResponseHead& head, std::string_view protocol);

}  // namespace warmgate::http
