#pragma once

#include <cstdint>
#include <string_view>

#include "base/siphash.h"
#include "config/config.h"
#include "http/message.h"

namespace warmgate::gateway {

// Whose request this is, as a number that says nothing else: a hash with a secret of this process,
// so that neither logs nor recordings give away a credential, and nobody can choose to share his
// number with another. An IPv6 client is known by its network of 64 bits, since it may use any
// address in it. 0: fair shares are off, or the request does not say.
uint64_t fair_key(const config::FairKey& by, HashKey secret, const http::RequestHead& head,
                  std::string_view peer_ip);

}  // namespace warmgate::gateway
