#include "gateway/fair_key.h"

#include <arpa/inet.h>

#include <array>
#include <string>

namespace warmgate::gateway {
namespace {

constexpr size_t kNetworkBytes = 8;  // of the 16 of an IPv6 address

uint64_t hash(HashKey secret, std::string_view text) {
  const uint64_t value = keyed_hash(secret, text);
  return value == 0 ? 1 : value;
}

uint64_t address_key(HashKey secret, std::string_view ip) {
  if (ip.find(':') == std::string_view::npos) return hash(secret, ip);
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, std::string(ip).c_str(), bytes.data()) != 1) return hash(secret, ip);
  return hash(secret, {bytes.data(), kNetworkBytes});
}

}  // namespace

uint64_t fair_key(const config::FairKey& by, HashKey secret, const http::RequestHead& head,
                  std::string_view peer_ip) {
  switch (by.by) {
    case config::FairBy::none:
      return 0;
    case config::FairBy::client:
      return address_key(secret, peer_ip);
    case config::FairBy::header:
      break;
  }
  const http::Field* field = head.fields.find(by.header);
  return field == nullptr ? 0 : hash(secret, field->value);
}

}  // namespace warmgate::gateway
