#include "net/address.h"

#include <arpa/inet.h>

#include <cstring>

#include "base/text.h"

namespace warmgate::net {

Address::Address(const sockaddr* address, socklen_t length) : length_(length) {
  WG_ASSERT(length <= sizeof(storage_), "a socket address is larger than its storage");
  std::memcpy(&storage_, address, length);
}

Result<Address> Address::from_ip(std::string_view ip, uint16_t port) {
  const std::string text(ip);
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Address(reinterpret_cast<const sockaddr*>(&v4), sizeof(v4));
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return Address(reinterpret_cast<const sockaddr*>(&v6), sizeof(v6));
  }
  return Error{"'" + text + "' is not an IPv4 or IPv6 address"};
}

Result<Address> Address::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto malformed = [&] {
    return Error{std::string("'").append(text).append(
        "' is not an address to listen on; write ADDR:PORT, [IPV6]:PORT or :PORT")};
  };
  if (colon == std::string_view::npos) return malformed();
  const auto port = parse_uint(text.substr(colon + 1));
  if (!port || *port > 65535) return malformed();
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed();
  }
  if (host.empty() || host == "*") host = "::";
  if (host == "localhost") host = "127.0.0.1";
  auto address = from_ip(host, static_cast<uint16_t>(*port));
  if (!address) return malformed();
  return address;
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port);
}

void Address::set_port(uint16_t port) {
  if (family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(storage_).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(storage_).sin6_port = htons(port);
  }
}

bool Address::loopback() const {
  if (family() == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in&>(storage_).sin_addr.s_addr) >> 24 == 127;
  }
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

std::string Address::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  const void* raw =
      family() == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(storage_).sin_addr)
          : &reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr;
  inet_ntop(family(), raw, text, sizeof(text));
  const std::string_view mapped = "::ffff:";  // an IPv4 client on a dual-stack listener
  std::string_view view = text;
  if (view.starts_with(mapped) && view.find('.') != std::string_view::npos) {
    view.remove_prefix(mapped.size());
  }
  return std::string(view);
}

std::string Address::to_string() const {
  const std::string host = ip();
  const bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port());
}

bool Address::operator==(const Address& other) const {
  return length_ == other.length_ && std::memcmp(&storage_, &other.storage_, length_) == 0;
}

}  // namespace warmgate::net
