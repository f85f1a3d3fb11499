// Address: an IPv4 or IPv6 address with a port, as a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/result.h"

namespace warmgate::net {

class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);

  // A numeric IPv4 or IPv6 address, without brackets. No name is looked up.
  static Result<Address> from_ip(std::string_view ip, uint16_t port);

  // "127.0.0.1:80", "[::1]:80", ":80" (all interfaces, IPv6 and IPv4). For addresses to listen on.
  static Result<Address> parse(std::string_view text);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  int family() const { return storage_.ss_family; }
  uint16_t port() const;
  void set_port(uint16_t port);
  bool loopback() const;

  std::string ip() const;         // "127.0.0.1" or "::1"
  std::string to_string() const;  // "127.0.0.1:80" or "[::1]:80"

  bool operator==(const Address& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace warmgate::net
