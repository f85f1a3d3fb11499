#include "http/upgrade.h"

#include <gtest/gtest.h>

#include <string>

#include "http/head_parser.h"

namespace warmgate::http {
namespace {

// The protocol that a request with these fields asks for; "?" when they are malformed.
std::string wish(const std::string& fields, const std::string& start = "GET / HTTP/1.1") {
  const std::string text = start + "\r\nHost: a\r\n" + fields + "\r\n";
  HeadParser parser;
  RequestHead head;
  EXPECT_EQ(parser.parse_request(text, head), ParseStatus::complete) << text;
  const UpgradeWish found = read_upgrade(head);
  return found.malformed ? "?" : std::string(found.protocol);
}

bool grants(const std::string& fields, std::string_view protocol) {
  const std::string text = "HTTP/1.1 101 Switching Protocols\r\n" + fields + "\r\n";
  HeadParser parser;
  ResponseHead head;
  EXPECT_EQ(parser.parse_response(text, Method::get, head, true), ParseStatus::complete) << text;
  return grants_upgrade(head, protocol);
}

TEST(Upgrade, TheFirstProtocolThatATunnelCanCarry) {
  EXPECT_EQ(wish("Connection: Upgrade\r\nUpgrade: websocket\r\n"), "websocket");
  EXPECT_EQ(wish("Connection: keep-alive, upgrade\r\nUpgrade: a/1.0, b\r\n"), "a/1.0");
  EXPECT_EQ(wish("Connection: Upgrade\r\nUpgrade: h2c, x\r\nUpgrade: y\r\n"), "x");
  EXPECT_EQ(wish("Connection: Upgrade\r\nUpgrade: h2cx\r\n"), "h2cx");
  EXPECT_EQ(wish("Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n"), "x");
}

TEST(Upgrade, HttpAndTlsAreNotTunnelled) {
  for (const std::string protocol : {"h2c", "H2C", "h2", "HTTP/2.0", "http", "TLS/1.2"}) {
    EXPECT_EQ(wish("Connection: Upgrade\r\nUpgrade: " + protocol + "\r\n"), "") << protocol;
  }
}

TEST(Upgrade, OnlyAGetOfHttp11WithoutABodyThatSaysSoInConnection) {
  const std::string fields = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  EXPECT_EQ(wish("Upgrade: websocket\r\n"), "");
  EXPECT_EQ(wish("Connection: Upgrade\r\n"), "");
  EXPECT_EQ(wish(fields, "GET / HTTP/1.0"), "");
  EXPECT_EQ(wish(fields, "POST / HTTP/1.1"), "");
  EXPECT_EQ(wish(fields, "HEAD / HTTP/1.1"), "");
  EXPECT_EQ(wish(fields + "Content-Length: 1\r\n"), "");
  EXPECT_EQ(wish(fields + "Transfer-Encoding: chunked\r\n"), "");
}

TEST(Upgrade, WhatIsNoListOfProtocolsIsMalformed) {
  for (const std::string value : {"a b", "a/", "/1", "a/b/c", "\"a\"", "x, a b", "h2c, ;"}) {
    EXPECT_EQ(wish("Connection: Upgrade\r\nUpgrade: " + value + "\r\n"), "?") << value;
  }
}

TEST(Upgrade, AResponseGrantsExactlyWhatWasAskedFor) {
  EXPECT_TRUE(grants("Connection: upgrade\r\nUpgrade: WebSocket\r\n", "websocket"));
  EXPECT_FALSE(grants("Connection: upgrade\r\nUpgrade: other\r\n", "websocket"));
  EXPECT_FALSE(grants("Connection: upgrade\r\nUpgrade: websocket, other\r\n", "websocket"));
  EXPECT_FALSE(grants("Connection: upgrade\r\n", "websocket"));
}

}  // namespace
}  // namespace warmgate::http
