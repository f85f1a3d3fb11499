// Ports: where the demo's programs listen. A port that is in use is replaced, and that is said.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "base/result.h"
#include "net/loop.h"

namespace warmgate::demo {

struct Ports {
  uint16_t gateway = 8080;
  uint16_t admin = 9901;
  uint16_t serverless = 9000;
  uint16_t serverless_status = 9001;
  uint16_t always_on = 9100;
};

// The ports above, or others in place of those that are taken on 127.0.0.1; `out` is told.
Result<Ports> choose_ports(net::Loop& loop, std::ostream& out);

net::Address local(uint16_t port);
std::string local_url(uint16_t port);

}  // namespace warmgate::demo
