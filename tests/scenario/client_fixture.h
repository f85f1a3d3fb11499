// A ClientPool on the network in memory, against scripted backends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client_call.h"
#include "http_text.h"
#include "support/memory_network.h"
#include "support/raw_peer.h"

namespace warmgate::test {

inline const net::Address kBackend = *net::Address::from_ip("10.0.0.1", 80);
inline const net::Address kOther = *net::Address::from_ip("10.0.0.2", 80);
inline const std::string kHello = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

// Parameterized by the seed, which a failing test's name shows.
class ClientScenario : public testing::TestWithParam<uint64_t> {
 protected:
  ClientScenario() { pool_.set_addresses({kBackend}); }

  // A backend that answers every GET with the text.
  void answer_all_with(const std::string& response) {
    answer_ = response;
    if (backend_ != nullptr) return;
    backend_ = std::make_unique<RawServer>(loop_, kBackend, [this](RawPeer& peer) {
      if (!peer.received().ends_with("\r\n\r\n")) return;
      last_request_ = peer.received();
      peer.clear_received();
      peer.send(answer_);
    });
  }
  void accept_only() { backend_ = std::make_unique<RawServer>(loop_, kBackend); }
  std::unique_ptr<ClientCall> begin(const ClientCall::Request& request = {}) {
    return std::make_unique<ClientCall>(loop_, pool_, request);
  }
  std::unique_ptr<ClientCall> call(const ClientCall::Request& request = {}) {
    auto call = begin(request);
    EXPECT_TRUE(loop_.run_until([&] { return call->over(); }));
    return call;
  }

  MemoryLoop loop_{GetParam()};
  std::unique_ptr<RawServer> backend_;
  std::string answer_;
  std::string last_request_;
  transport::ClientPool pool_{
      loop_, {.head = {}, .connect_timeout = 2s, .keep_alive = 50s, .max_idle = 4}};
};

}  // namespace warmgate::test
