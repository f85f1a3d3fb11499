// A Server with the EchoApplication on the network in memory, and raw clients for it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "echo_application.h"
#include "http_text.h"
#include "support/memory_network.h"
#include "support/raw_peer.h"

namespace warmgate::test {

inline const net::Address kServerAddress = *net::Address::from_ip("10.0.0.1", 80);

inline std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nhost: h\r\n" + more + "\r\n";
}
inline std::string post(const std::string& target, const std::string& body,
                        const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nhost: h\r\n" + more +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string post_chunked(const std::string& target, const std::string& body,
                                const std::string& trailers = "") {
  return "POST " + target + " HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" +
         chunked(body, 1000, trailers);
}

// Parameterized by the seed, which a failing test's name shows.
class ServerScenario : public testing::TestWithParam<uint64_t> {
 protected:
  ServerScenario() { start({}); }

  void start(const transport::ServerLimits& limits) {
    server_.reset();
    server_ = std::make_unique<transport::Server>(loop_, application_, limits);
    EXPECT_TRUE(server_->listen(kServerAddress));
  }
  void connect() {
    client_ = std::make_unique<RawPeer>(loop_, kServerAddress);
    ASSERT_TRUE(loop_.run_until([&] { return client_->connected(); }));
  }
  // All that comes back for `request` on a new connection, until nothing happens any more.
  std::string exchange(const std::string& request) {
    connect();
    client_->send(request);
    loop_.run_until_idle();
    return client_->received();
  }

  MemoryLoop loop_{GetParam()};
  EchoApplication application_;
  std::unique_ptr<transport::Server> server_;
  std::unique_ptr<RawPeer> client_;
};

inline auto seeds() {
  return testing::Range(uint64_t{1}, uint64_t{11});
}

}  // namespace warmgate::test
