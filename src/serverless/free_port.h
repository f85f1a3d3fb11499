// Finds a TCP port that an instance can listen on.
//
// Model.   Ports below the range that the kernel gives to outgoing connections are tried in random
//          order, so that a connection that happens to be open cannot take the port before the
//          instance does. It may still be lost to another program: then the start fails and is
//          tried again with another port.
#pragma once

#include <cstdint>
#include <set>

#include "base/prng.h"
#include "base/result.h"

namespace warmgate::serverless {

// `taken` are ports that were given to instances which may not listen yet.
Result<uint16_t> find_free_port(Prng& prng, const std::set<uint16_t>& taken);

}  // namespace warmgate::serverless
