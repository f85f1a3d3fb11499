// A Server with the EchoApplication on the network in memory, and HTTP/2 clients for it.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>

#include "server_fixture.h"
#include "support/h2_peer.h"

namespace warmgate::test {

class H2ServerScenario : public ServerScenario {
 protected:
  void connect_h2(const H2Peer::Settings& settings = {}) {
    h2_ = std::make_unique<H2Peer>(loop_, kServerAddress, settings);
    ASSERT_TRUE(loop_.run_until([&] { return h2_->peer().connected(); }));
  }
  // What comes back for one request on a new connection, until nothing happens any more.
  H2Response exchange_h2(const H2Request& request) {
    connect_h2();
    const int32_t stream = h2_->request(request);
    loop_.run_until_idle();
    return h2_->response(stream);
  }
  bool over() const { return h2_->peer().over(); }

  std::unique_ptr<H2Peer> h2_;
};

}  // namespace warmgate::test
