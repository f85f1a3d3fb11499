// libFuzzer target: a Server that speaks HTTP/2 over the network in memory. The bytes decide which
// frames a client sends, good and bad ones and bytes that are none, what it takes, and when.
//
// Holds.  No assertion fails, what is held for the client stays bounded, and in the end every
//         request was told of its end and every connection is gone.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "base/assert.h"
#include "scenario/echo_application.h"
#include "script.h"
#include "support/h2_raw_peer.h"
#include "support/memory_network.h"
#include "transport/server.h"

namespace warmgate::test {
namespace {

const net::Address kServer = *net::Address::from_ip("10.0.0.1", 80);

constexpr const char* kTargets[] = {"/echo",    "/hello", "/big/100000", "/lump/50000",
                                    "/ignore",  "/empty", "/wait",       "/read",
                                    "/interim", "/early", "/abort",      "/stuck"};

class World {
 public:
  explicit World(Script& script) : script_(script), loop_(1 + script.below(16)) {
    transport::ServerLimits limits;
    limits.head = {.max_bytes = 1024, .max_target = 256, .max_fields = 20};
    limits.h2 = {.max_streams = 8,
                 .stream_window = 4096,
                 .connection_window = 16 * 1024,
                 .held_bytes = 8 * 1024,
                 .send_bytes = 64 * 1024,
                 .floods = {30, 5, 100, 20}};
    server_ = std::make_unique<transport::Server>(loop_, application_, limits);
    WG_ASSERT(static_cast<bool>(server_->listen(kServer)), "the network is empty");
    connect();
  }

  void act() {
    const int32_t stream = static_cast<int32_t>(script_.below(16));
    switch (script_.below(14)) {
      case 0:
        return peer_->send(script_.take(script_.byte()));
      case 1:
      case 2:
        return peer_->send(request());
      case 3:
        return peer_->send(h2_frame(NGHTTP2_DATA, script_.byte() & 15, stream,
                                    std::string(script_.below(4) * 700, 'x')));
      case 4:
        return peer_->send(frame(NGHTTP2_RST_STREAM, stream, 4));
      case 5:
        return peer_->send(frame(NGHTTP2_WINDOW_UPDATE, stream / 2, 4));
      case 6:
        return peer_->send(frame(NGHTTP2_SETTINGS, 0, 6 * script_.below(3)));
      case 7:
        return peer_->send(frame(NGHTTP2_PING, 0, 8));
      case 8:  // any type, any size
        return peer_->send(frame(script_.byte(), stream, script_.below(40)));
      case 9:
        return script_.below(2) == 0 ? peer_->peer().pause_reading()
                                     : peer_->peer().resume_reading();
      case 10:
        return loop_.run_for(std::chrono::milliseconds(1) * (1 << script_.below(15)));
      case 11:
        return application_.answer_waiting();
      case 12:
        if (script_.below(16) == 0) server_->drain();
        return;
      default:
        if (script_.below(8) == 0) connect();
        loop_.run_until_idle();
    }
  }

  void finish() {
    peer_->peer().close();
    loop_.run_for(5min);
    WG_ASSERT(application_.open() == 0, "a request was not told of its end");
    WG_ASSERT(server_->connections() == 0, "a connection outlived its client");
  }

 private:
  void connect() {
    if (server_->draining()) return;
    peer_ = std::make_unique<H2RawPeer>(loop_, kServer);
    next_stream_ = 1;
  }
  std::string frame(uint8_t type, int32_t stream, size_t size) {
    const uint8_t flags = script_.below(3) == 0 ? script_.byte() : 0;
    std::string payload(script_.take(size));
    payload.resize(size);
    return h2_frame(type, flags, stream, payload);
  }
  // A good head, with an end or without, whole or in two frames; now and then it has a wrong field.
  std::string request() {
    H2FieldList fields{{":method", script_.below(2) == 0 ? "GET" : "POST"}, {":scheme", "http"}};
    fields.emplace_back(":path", kTargets[script_.below(std::size(kTargets))]);
    fields.emplace_back(":authority", "h");
    if (script_.below(4) == 0) {
      fields.emplace_back("content-length", std::to_string(script_.below(8) * 500));
    }
    if (script_.below(8) == 0) fields.emplace_back("expect", "100-continue");
    if (script_.below(8) == 0) {
      const std::string name(script_.take(3));
      fields.emplace_back(name, std::string(script_.take(5)));
    }
    const std::string block = h2_block(fields);
    const uint8_t end = script_.below(2) == 0 ? NGHTTP2_FLAG_END_STREAM : 0;
    const int32_t stream = next_stream_;
    next_stream_ += 2;
    if (script_.below(4) != 0) {
      return h2_frame(NGHTTP2_HEADERS, end | NGHTTP2_FLAG_END_HEADERS, stream, block);
    }
    const size_t half = block.size() / 2;
    return h2_frame(NGHTTP2_HEADERS, end, stream, block.substr(0, half)) +
           h2_frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, stream, block.substr(half));
  }

  Script& script_;
  MemoryLoop loop_;
  EchoApplication application_;
  std::unique_ptr<transport::Server> server_;
  std::unique_ptr<H2RawPeer> peer_;
  int32_t next_stream_ = 1;
};

}  // namespace
}  // namespace warmgate::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  warmgate::test::play<warmgate::test::World>(data, size);
  return 0;
}
