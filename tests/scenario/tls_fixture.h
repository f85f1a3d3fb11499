// A TLS server and TLS clients on the network in memory, with certificates of a test's own
// authority.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http_text.h"
#include "net/tls_client.h"
#include "net/tls_server.h"
#include "support/certificates.h"
#include "support/memory_network.h"
#include "support/raw_peer.h"

namespace warmgate::test {

inline const net::Address kTlsAddress = *net::Address::from_ip("10.0.0.1", 443);
inline const std::string kTlsName = "backend.example";

// Parameterized by the seed, which a failing test's name shows.
class TlsScenario : public testing::TestWithParam<uint64_t> {
 protected:
  // The server's certificate is for `wish`; one client trusts the authority.
  void start(const CertificateWish& wish = {}, const std::string& client_ca = {}) {
    const CertificateFiles files = authority_.issue(wish);
    start_server({.identities = {{files.certificate, files.key}}, .client_ca_file = client_ca});
  }
  void start_server(const net::TlsServerSettings& settings) {
    auto opened = net::TlsServer::open(loop_, settings);
    ASSERT_TRUE(opened) << opened.error().message;
    tls_ = std::move(*opened);
    server_ = std::make_unique<RawServer>(
        loop_, kTlsAddress, [](RawPeer&) {}, tls_.get());
  }

  net::TlsClient make_client(const std::string& name = kTlsName) {
    return make_client(net::TlsClientSettings{.ca_file = authority_.ca_file()}, name);
  }
  net::TlsClient make_client(const net::TlsClientSettings& settings,
                             const std::string& name = kTlsName) {
    const auto context = net::TlsClientContext::load(settings, loop_.wall_seconds());
    EXPECT_TRUE(context) << context.error().message;
    return net::TlsClient(loop_, *context, name);
  }
  std::unique_ptr<RawPeer> connect(net::TlsClient& client) {
    return std::make_unique<RawPeer>(client.wrap(std::move(*loop_.connect(kTlsAddress))), false);
  }
  // Why a handshake fails; empty when it does not.
  std::string handshake_problem(net::TlsClient& client) {
    const auto peer = connect(client);
    loop_.run_until_idle();
    EXPECT_TRUE(peer->connected() || peer->connect_error() != 0);
    return peer->connected() ? "" : peer->stream().problem();
  }

  MemoryLoop loop_{GetParam()};
  CertificateAuthority authority_{loop_.wall_seconds()};
  std::unique_ptr<net::TlsServer> tls_;
  std::unique_ptr<RawServer> server_;
};

}  // namespace warmgate::test
