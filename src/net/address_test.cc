#include "net/address.h"

#include <gtest/gtest.h>

namespace warmgate::net {
namespace {

std::string parsed(std::string_view text) {
  const auto address = Address::parse(text);
  return address ? address->to_string() : "refused";
}

TEST(Address, ParsesAddressesToListenOn) {
  EXPECT_EQ(parsed("127.0.0.1:80"), "127.0.0.1:80");
  EXPECT_EQ(parsed("[::1]:8080"), "[::1]:8080");
  EXPECT_EQ(parsed(":65535"), "[::]:65535");
  EXPECT_EQ(parsed("*:0"), "[::]:0");
  EXPECT_EQ(parsed("localhost:81"), "127.0.0.1:81");
}

TEST(Address, RefusesTheRest) {
  for (const char* text :
       {"", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1: 80", "127.1:80", "0x7f.0.0.1:80", "::1:80", "[::1]", "[]:80x", "[::1:80",
        "example.com:80", "[127.0.0.1:80", "1.2.3.4.5:80", "[fe80::1%lo]:80"}) {
    EXPECT_EQ(parsed(text), "refused") << text;
  }
}

TEST(Address, KnowsItsParts) {
  Address v6 = *Address::from_ip("2001:db8::7", 443);
  EXPECT_EQ(v6.family(), AF_INET6);
  EXPECT_EQ(v6.ip(), "2001:db8::7");
  v6.set_port(1);
  EXPECT_EQ(v6.to_string(), "[2001:db8::7]:1");
  EXPECT_EQ(v6, *Address::from_ip("2001:db8:0::7", 1));
  EXPECT_FALSE(v6 == *Address::from_ip("2001:db8:0::7", 2));
  EXPECT_FALSE(*Address::from_ip("0.0.0.0", 1) == *Address::from_ip("::", 1));
}

TEST(Address, ShowsAnIPv4ClientOfADualStackListenerAsIPv4) {
  const Address mapped = *Address::from_ip("::ffff:192.0.2.1", 5);
  EXPECT_EQ(mapped.to_string(), "192.0.2.1:5");
}

TEST(Address, KnowsLoopback) {
  for (const char* ip : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(Address::from_ip(ip, 0)->loopback()) << ip;
  }
  for (const char* ip : {"128.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "7f00::1"}) {
    EXPECT_FALSE(Address::from_ip(ip, 0)->loopback()) << ip;
  }
}

}  // namespace
}  // namespace warmgate::net
