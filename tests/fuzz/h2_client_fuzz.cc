// libFuzzer target: a ClientPool that speaks HTTP/2 over the network in memory. The bytes decide
// what is asked, paused and given up, and which frames the backend sends: good and bad ones, and
// bytes that are none.
//
// Holds.  No assertion fails; in the end every call was told of its end, once, and every connection
//         is gone.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "scenario/client_call.h"
#include "scenario/http_text.h"
#include "script.h"
#include "support/h2_raw_backend.h"
#include "support/memory_network.h"
#include "transport/client_pool.h"

namespace warmgate::test {
namespace {

const net::Address kBackend = *net::Address::from_ip("10.0.0.1", 80);

class World {
 public:
  explicit World(Script& script) : script_(script), loop_(1 + script.below(16)) {
    transport::ClientLimits limits;
    limits.head = {.max_bytes = 1024, .max_target = 256, .max_fields = 20};
    limits.max_idle = script.below(3);
    limits.protocol = transport::ClientProtocol::h2;
    limits.h2 = {.max_streams = 4,
                 .stream_window = 4096,
                 .connection_window = 16 * 1024,
                 .held_bytes = 8 * 1024,
                 .send_bytes = 64 * 1024,
                 .floods = {30, 5, 100, 20}};
    pool_ = std::make_unique<transport::ClientPool>(loop_, limits);
    pool_->set_addresses({kBackend});
    H2RawBackend::Habits habits;
    if (script.below(2) == 0) {
      habits.settings = h2_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, script.below(4));
    }
    habits.answers = script.below(4) == 0;
    habits.grants = script.below(4) != 0;
    backend_ = std::make_unique<H2RawBackend>(loop_, kBackend, habits);
  }

  void act() {
    if (script_.below(3) == 0) return ask_or_wait();
    if (backend_->accepted() == 0) return loop_.run_until_idle();
    const size_t index = backend_->accepted() - 1 - script_.below(3) % backend_->accepted();
    answer(backend_->connection(index));
  }

  void finish() {
    finishing_ = true;
    backend_->server().stop_listening();
    for (size_t i = 0; i < backend_->accepted(); ++i) backend_->connection(i).peer.close();
    // A head that is read only now may make its call pause once more.
    for (int round = 0; round < 3; ++round) {
      for (const auto& call : calls_) {
        if (!call->over()) call->resume();
      }
      loop_.run_for(5min);
    }
    for (const auto& call : calls_) WG_ASSERT(call->over(), "a call was not told of its end");
    WG_ASSERT(pool_->connections() == 0, "a connection outlived its backend");
  }

 private:
  static constexpr size_t kMostCalls = 64;

  void ask_or_wait() {
    ClientCall* const call =
        calls_.empty() ? nullptr : calls_[script_.byte() % calls_.size()].get();
    const bool running = call != nullptr && !call->over();
    switch (script_.below(9)) {
      case 0:
      case 1:
        return ask();
      case 2:
        if (running) call->pause();
        return;
      case 3:
        if (running) call->resume();
        return;
      case 4:
        if (running) call->cancel();
        return;
      case 5:
        return loop_.run_for(std::chrono::milliseconds(1) * (1 << script_.below(16)));
      case 6:
        return pool_->preconnect(script_.below(8));
      case 7:
        if (script_.below(8) != 0) return;
        pool_->set_addresses({});
        return pool_->set_addresses({kBackend});
      default:
        loop_.run_until_idle();
    }
  }

  void ask() {
    if (calls_.size() == kMostCalls) return;
    ClientCall::Request request;
    const uint32_t kind = script_.below(4);
    if (kind == 1) request.method = "HEAD";
    if (kind >= 2) {
      request.method = "POST";
      request.body = pattern(script_.byte() * 500u);
      request.chunked = kind == 3;
      if (request.chunked && script_.below(2) == 0) request.trailer = "v";
    }
    calls_.push_back(std::make_unique<ClientCall>(loop_, *pool_, request));
    ClientCall& call = *calls_.back();
    const uint32_t habit = script_.below(8);
    if (habit == 0) call.on_head = [&call] { call.cancel(); };
    if (habit == 1) call.on_head = [&call] { call.pause(); };
    if (habit == 2) call.read_slowly(1ms);
    if (habit == 3) {
      call.on_over = [this] {
        if (!finishing_) ask();
      };
    }
  }

  void answer(H2RawBackendConnection& to) {
    const int32_t stream = static_cast<int32_t>(script_.below(12));
    switch (script_.below(14)) {
      case 0:
        return to.send(script_.take(script_.byte()));
      case 1:
      case 2:
      case 3:
        return to.send(head(stream));
      case 4:
      case 5:
        return to.send(h2_frame(NGHTTP2_DATA, script_.byte() & 9, stream,
                                std::string(script_.below(4) * 700, 'x')));
      case 6:
        return to.send(frame(NGHTTP2_RST_STREAM, stream, 4));
      case 7:
        return to.send(frame(NGHTTP2_WINDOW_UPDATE, stream / 2, 4));
      case 8:
        return to.send(frame(NGHTTP2_SETTINGS, 0, 6 * script_.below(3)));
      case 9:
        return to.send(frame(NGHTTP2_GOAWAY, 0, 8));
      case 10:  // any type, any size
        return to.send(frame(script_.byte(), stream, script_.below(40)));
      case 11:
        return script_.below(2) == 0 ? to.peer.pause_reading() : to.peer.resume_reading();
      case 12:
        if (script_.below(4) == 0) script_.below(2) == 0 ? to.peer.close() : to.peer.reset();
        return;
      default:
        return to.answer(stream);
    }
  }

  std::string frame(uint8_t type, int32_t stream, size_t size) {
    const uint8_t flags = script_.below(3) == 0 ? script_.byte() : 0;
    std::string payload(script_.take(size));
    payload.resize(size);
    return h2_frame(type, flags, stream, payload);
  }

  std::string head(int32_t stream) {
    constexpr const char* kStatuses[] = {"200", "200", "200", "204", "304",
                                         "103", "100", "101", "500", "x"};
    H2FieldList fields{{":status", kStatuses[script_.below(std::size(kStatuses))]}};
    if (script_.below(4) == 0) {
      fields.emplace_back("content-length", std::to_string(script_.below(4) * 700));
    }
    if (script_.below(8) == 0) {
      const std::string name(script_.take(3));
      fields.emplace_back(name, std::string(script_.take(5)));
    }
    if (script_.below(16) == 0) fields.emplace_back("long", std::string(100, 'x'));
    return h2_head(stream, fields, script_.below(3) == 0);
  }

  Script& script_;
  MemoryLoop loop_;
  std::unique_ptr<H2RawBackend> backend_;
  std::unique_ptr<transport::ClientPool> pool_;
  std::vector<std::unique_ptr<ClientCall>> calls_;
  bool finishing_ = false;
};

}  // namespace
}  // namespace warmgate::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  warmgate::test::play<warmgate::test::World>(data, size);
  return 0;
}
