// Bytes through TLS: whole, in order, in pieces of any size, with back-pressure, to a clear end.
#include "tls_fixture.h"

namespace warmgate::test {
namespace {

class TlsStreams : public TlsScenario {
 protected:
  TlsStreams() { start(); }

  void connect_client() {
    peer_ = connect(client_);
    ASSERT_TRUE(loop_.run_until([&] { return peer_->connected(); }));
    loop_.run_until_idle();
  }
  RawPeer& accepted() { return server_->last(); }

  net::TlsClient client_ = make_client();
  std::unique_ptr<RawPeer> peer_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, TlsStreams, testing::Range(uint64_t{1}, uint64_t{11}));

TEST_P(TlsStreams, CarryBytesOfAnyAmountBothWays) {
  connect_client();
  for (const size_t size : {1, 2, 100, 16'383, 16'384, 16'385, 65'536, 65'537, 1'000'000}) {
    const std::string there = pattern(size), back = pattern(size / 2 + 1);
    peer_->clear_received();
    accepted().clear_received();
    peer_->send(there);
    accepted().send(back);
    loop_.run_until_idle();
    ASSERT_TRUE(accepted().received() == there) << size;
    ASSERT_TRUE(peer_->received() == back) << size;
  }
  EXPECT_TRUE(peer_->stream().secure());
}

TEST_P(TlsStreams, CarryManySmallWritesInOrder) {
  connect_client();
  std::string all;
  for (int i = 0; i < 2'000; ++i) {
    const std::string piece = pattern(1 + loop_.random().below(300));
    all += piece;
    accepted().send(piece);
    if (loop_.random().chance(0.1)) loop_.run_for(100us);
  }
  loop_.run_until_idle();
  EXPECT_TRUE(peer_->received() == all);
}

TEST_P(TlsStreams, AnIdleReaderStopsTheWriter) {
  connect_client();
  peer_->pause_reading();
  const std::string body = pattern(3'000'000);
  accepted().send(body);
  loop_.run_until_idle();
  // What the network and TLS hold is bounded; the rest is still the writer's.
  EXPECT_GT(accepted().unsent(), body.size() - 400'000);
  const size_t unsent = accepted().unsent();
  loop_.run_for(10s);
  EXPECT_EQ(accepted().unsent(), unsent);
  peer_->resume_reading();
  loop_.run_until_idle();
  EXPECT_TRUE(peer_->received() == body);
}

TEST_P(TlsStreams, AnEndIsTheEndOfAllThatWasWritten) {
  connect_client();
  accepted().send(pattern(200'000));
  accepted().end_writing();
  loop_.run_until_idle();
  EXPECT_TRUE(peer_->received() == pattern(200'000));
  EXPECT_TRUE(peer_->ended());
  EXPECT_FALSE(peer_->broken());
  peer_->send("the other way is still open");
  loop_.run_until_idle();
  EXPECT_EQ(accepted().received(), "the other way is still open");
}

TEST_P(TlsStreams, ClosingSaysSo) {
  connect_client();
  peer_->send("bye");
  loop_.run_until_idle();
  peer_->close();
  loop_.run_until_idle();
  EXPECT_EQ(accepted().received(), "bye");
  EXPECT_TRUE(accepted().ended());
  EXPECT_FALSE(accepted().broken());
}

TEST_P(TlsStreams, AResetIsNoEnd) {
  connect_client();
  peer_->send("half a");
  loop_.run_until_idle();
  peer_->reset();
  loop_.run_until_idle();
  EXPECT_TRUE(accepted().broken());
  EXPECT_FALSE(accepted().ended());
}

// A relay that forwards records, and then ends in clear text what it has no keys to end.
TEST_P(TlsStreams, AnEndWithoutCloseNotifyIsAFailure) {
  const net::Address relay_address = *net::Address::from_ip("10.0.0.9", 443);
  std::unique_ptr<RawPeer> onward;
  RawPeer* inward = nullptr;
  RawServer relay(loop_, relay_address, [&](RawPeer& peer) {
    inward = &peer;
    if (onward == nullptr) {
      onward = std::make_unique<RawPeer>(loop_, kTlsAddress);
      onward->on_input = [&](RawPeer& from) {
        inward->send(from.received());
        from.clear_received();
      };
    }
    onward->send(peer.received());
    peer.clear_received();
  });
  RawPeer peer(client_.wrap(std::move(*loop_.connect(relay_address))), false);
  ASSERT_TRUE(loop_.run_until([&] { return peer.connected(); }));
  loop_.run_until_idle();
  accepted().send("all of it?");
  loop_.run_until_idle();
  EXPECT_EQ(peer.received(), "all of it?");
  EXPECT_FALSE(peer.over());
  inward->end_writing();
  loop_.run_until_idle();
  EXPECT_TRUE(peer.broken());
  EXPECT_FALSE(peer.ended());
  EXPECT_THAT(peer.stream().problem(), testing::HasSubstr("no TLS close_notify"));
}

// One byte of a record is changed on its way.
TEST_P(TlsStreams, AForgedByteIsAFailure) {
  const net::Address relay_address = *net::Address::from_ip("10.0.0.9", 443);
  std::unique_ptr<RawPeer> onward;
  size_t forge_at = 0;  // a byte of what the client still sends; 0 = none
  RawServer relay(loop_, relay_address, [&](RawPeer& peer) {
    if (onward == nullptr) {
      onward = std::make_unique<RawPeer>(loop_, kTlsAddress);
      onward->on_input = [&, inward = &peer](RawPeer& from) {
        inward->send(from.received());
        from.clear_received();
      };
    }
    std::string passed = peer.received();
    for (char& c : passed) {
      if (forge_at > 0 && --forge_at == 0) c = static_cast<char>(c ^ 1);
    }
    onward->send(passed);
    peer.clear_received();
  });
  RawPeer peer(client_.wrap(std::move(*loop_.connect(relay_address))), false);
  ASSERT_TRUE(loop_.run_until([&] { return peer.connected(); }));
  loop_.run_until_idle();
  forge_at = 10;  // behind the record's header
  peer.send("pay 10");
  loop_.run_until_idle();
  EXPECT_EQ(accepted().received(), "");
  EXPECT_TRUE(accepted().broken());
  EXPECT_THAT(peer.stream().problem(), testing::HasSubstr("the peer refused it: bad record mac"));
}

}  // namespace
}  // namespace warmgate::test
