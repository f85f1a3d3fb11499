// A ClientPool that speaks HTTP/2 in clear text, on the network in memory, against a backend that
// sends frames as the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client_call.h"
#include "http_text.h"
#include "support/h2_raw_backend.h"
#include "support/memory_network.h"

namespace warmgate::test {

// Parameterized by the seed, which a failing test's name shows.
class H2ClientScenario : public testing::TestWithParam<uint64_t> {
 protected:
  static inline const net::Address kH2Backend = *net::Address::from_ip("10.0.0.1", 80);

  H2ClientScenario() { make_pool({}); }

  void make_pool(transport::ClientLimits limits) {
    limits.protocol = transport::ClientProtocol::h2;
    pool_ = std::make_unique<transport::ClientPool>(loop_, limits);
    pool_->set_addresses({kH2Backend});
  }
  void start(const H2RawBackend::Habits& habits = {}) {
    backend_ = std::make_unique<H2RawBackend>(loop_, kH2Backend, habits);
  }
  std::unique_ptr<ClientCall> begin(const ClientCall::Request& request = {}) {
    return std::make_unique<ClientCall>(loop_, *pool_, request);
  }
  // Begun, and all of it that can be is at the backend.
  std::unique_ptr<ClientCall> ask(const ClientCall::Request& request = {}) {
    auto call = begin(request);
    loop_.run_until_idle();
    return call;
  }
  H2RawBackendConnection& peer() { return backend_->last(); }
  H2Asked& asked(int32_t stream = 1) { return peer().asked[stream]; }
  void send(const std::string& frames) {
    peer().send(frames);
    loop_.run_until_idle();
  }
  static std::string data(int32_t stream, std::string_view bytes, bool ends) {
    return h2_frame(NGHTTP2_DATA, ends ? NGHTTP2_FLAG_END_STREAM : 0, stream, bytes);
  }
  static std::string reset(int32_t stream, uint32_t error) {
    return h2_frame(NGHTTP2_RST_STREAM, 0, stream, h2_number(error));
  }
  static std::string goaway(uint32_t last_stream, uint32_t error = NGHTTP2_NO_ERROR) {
    return h2_frame(NGHTTP2_GOAWAY, 0, 0, h2_number(last_stream) + h2_number(error));
  }

  MemoryLoop loop_{GetParam()};
  std::unique_ptr<H2RawBackend> backend_;
  std::unique_ptr<transport::ClientPool> pool_;
};

}  // namespace warmgate::test
