// FuzzBackend: what stands behind the gateway while it is fuzzed. It answers each request by the
// habit of the moment, good or bad, or with bytes of the fuzzer's own.
#pragma once

#include <memory>
#include <string_view>

#include "support/memory_network.h"
#include "support/raw_peer.h"

namespace warmgate::test {

class FuzzBackend {
 public:
  FuzzBackend(MemoryLoop& loop, const net::Address& at);

  void set_habit(uint8_t habit) { habit_ = habit; }
  void set_delay(Duration delay) { delay_ = delay; }
  void set_weather(const Weather& weather) { loop_.set_weather(address_, weather); }
  void stop() { server_.reset(); }  // with all its connections
  void start();

  // To the connection that came as the n-th from the end.
  void send(size_t n, std::string_view bytes);
  void answer(size_t n, uint8_t habit);
  void close(size_t n, bool reset);

 private:
  void on_input(RawPeer& peer);
  void answer(RawPeer& peer, uint8_t habit);
  RawPeer* find(size_t n);

  MemoryLoop& loop_;
  net::Address address_;
  std::shared_ptr<RawServer> server_;  // shared, so that a delayed answer can see that it is gone
  uint8_t habit_ = 1;
  Duration delay_ = 5ms;
  uint64_t served_ = 0;
};

}  // namespace warmgate::test
