#include "fuzz_backend.h"

#include <string>

namespace warmgate::test {
namespace {

constexpr std::string_view kAnswers[] = {
    "",  // silence
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops",
    "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n",
    "HTTP/1.1 429 Busy\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hi\n\ndata: 1\n\n",
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    "6\r\n: hi\n\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf of it",
    "HTTP/1.1 200 OK\r\ncontent-le",
    "rubbish\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",  // and more unasked
};
constexpr uint8_t kWithInstance = 16, kClose = 17, kReset = 18, kEnd = 19, kSwitch = 20,
                  kHabits = 21;

}  // namespace

FuzzBackend::FuzzBackend(MemoryLoop& loop, const net::Address& at) : loop_(loop), address_(at) {
  start();
}

void FuzzBackend::start() {
  if (server_ != nullptr) return;
  server_ = std::make_shared<RawServer>(loop_, address_, [this](RawPeer& peer) { on_input(peer); });
}

// A request is over where an empty line ends what has come: near enough for a backend that may be
// wrong anyway.
void FuzzBackend::on_input(RawPeer& peer) {
  const bool asked = peer.received().ends_with("\r\n\r\n");
  if (peer.received().size() > 100'000 || asked) peer.clear_received();
  if (!asked || peer.over()) return;
  loop_.at(loop_.now() + delay_, [this, &peer, habit = habit_, alive = std::weak_ptr(server_)] {
    if (alive.lock() != nullptr) answer(peer, habit);
  });
}

void FuzzBackend::answer(RawPeer& peer, uint8_t habit) {
  habit %= kHabits;
  if (habit == kWithInstance) {
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nwarmgate-instance: i" +
              std::to_string(served_ % 3) + ";age=" + std::to_string(served_) +
              ";served=1\r\n\r\nok");
    ++served_;
    return;
  }
  if (habit == kClose) return peer.close();
  if (habit == kReset) return peer.reset();
  if (habit == kEnd) return peer.end_writing();
  if (habit == kSwitch) {
    return peer.send("HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: w\r\n\r\nhello");
  }
  peer.send(kAnswers[habit]);
}

RawPeer* FuzzBackend::find(size_t n) {
  if (server_ == nullptr || server_->accepted() == 0) return nullptr;
  return &server_->peer(server_->accepted() - 1 - n % server_->accepted());
}

void FuzzBackend::send(size_t n, std::string_view bytes) {
  if (RawPeer* peer = find(n)) peer->send(bytes);
}

void FuzzBackend::answer(size_t n, uint8_t habit) {
  if (RawPeer* peer = find(n)) answer(*peer, habit);
}

void FuzzBackend::close(size_t n, bool reset) {
  RawPeer* peer = find(n);
  if (peer == nullptr) return;
  if (reset) return peer->reset();
  peer->close();
}

}  // namespace warmgate::test
