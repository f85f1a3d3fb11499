#include "support/memory_network.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "net/resolved_name.h"
#include "support/memory_resolver.h"
#include "support/raw_peer.h"

namespace warmgate::test {
namespace {

using net::Address;

const Address kBackend = *Address::from_ip("10.0.0.1", 80);

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

class MemoryNetworkTest : public testing::TestWithParam<uint64_t> {
 protected:
  void connect() {
    client_ = std::make_unique<RawPeer>(loop_, kBackend);
    ASSERT_TRUE(loop_.run_until([&] { return client_->connected() && server_.accepted() > 0; }));
  }
  RawPeer& peer() { return server_.last(); }

  MemoryLoop loop_{GetParam()};
  RawServer server_{loop_, kBackend};
  std::unique_ptr<RawPeer> client_;
};

INSTANTIATE_TEST_SUITE_P(Seeds, MemoryNetworkTest, testing::Range(uint64_t{1}, uint64_t{21}));

TEST_P(MemoryNetworkTest, CarriesBytesBothWaysAndTheEnd) {
  connect();
  EXPECT_EQ(client_->stream().peer(), kBackend);
  EXPECT_EQ(peer().stream().peer().ip(), "10.1.1.1");
  client_->send("hello");
  peer().send("welcome");
  loop_.run_until_idle();
  EXPECT_EQ(peer().received(), "hello");
  EXPECT_EQ(client_->received(), "welcome");
  client_->end_writing();
  loop_.run_until_idle();
  EXPECT_TRUE(peer().ended());
  peer().send("bye");
  peer().close();
  loop_.run_until_idle();
  EXPECT_EQ(client_->received(), "welcomebye");
  EXPECT_TRUE(client_->ended());
}

TEST_P(MemoryNetworkTest, HoldsBackAWriterThatIsNotRead) {
  connect();
  peer().pause_reading();
  const std::string big = pattern(300'000);
  client_->send(big);
  loop_.run_until_idle();
  EXPECT_EQ(client_->unsent(), big.size() - loop_.settings().capacity);
  peer().resume_reading();
  loop_.run_until_idle();
  EXPECT_EQ(peer().received(), big);
}

TEST_P(MemoryNetworkTest, ClosingWithUnreadInputResetsThePeer) {
  connect();
  peer().pause_reading();
  client_->pause_reading();
  client_->send("never read");
  peer().send("lost with the reset");
  loop_.run_until_idle();
  peer().close();
  loop_.run_until_idle();
  client_->resume_reading();
  EXPECT_TRUE(client_->broken());
  EXPECT_EQ(client_->received(), "");
}

TEST_P(MemoryNetworkTest, BytesForAClosedEndResetTheSender) {
  connect();
  peer().close();
  loop_.run_until_idle();
  EXPECT_TRUE(client_->ended());
  client_->send("too late");
  loop_.run_until_idle();
  client_->send("noticed");
  EXPECT_TRUE(client_->broken());
}

TEST_P(MemoryNetworkTest, ResetIsNotAnEnd) {
  connect();
  client_->reset();
  loop_.run_until_idle();
  EXPECT_TRUE(peer().broken());
  EXPECT_FALSE(peer().ended());
}

TEST_P(MemoryNetworkTest, WeatherResetsAfterSoManyBytes) {
  loop_.set_weather(kBackend, {.reset_after_sent = 10});
  connect();
  size_t seen = 0;
  peer().on_input = [&](RawPeer& p) { seen = p.received().size(); };
  client_->send(pattern(100));
  loop_.run_until_idle();
  EXPECT_LE(seen, 10u);
  EXPECT_TRUE(client_->broken());
  EXPECT_TRUE(peer().broken());
}

TEST_P(MemoryNetworkTest, RefusesAndSwallowsConnections) {
  RawPeer nobody(loop_, *Address::from_ip("10.0.0.2", 80));
  loop_.set_weather(kBackend, {.refuse = true});
  RawPeer refused(loop_, kBackend);
  loop_.run_until_idle();
  EXPECT_EQ(nobody.connect_error(), ECONNREFUSED);
  EXPECT_EQ(refused.connect_error(), ECONNREFUSED);
  loop_.set_weather(kBackend, {.black_hole = true});
  RawPeer lost(loop_, kBackend);
  loop_.run_for(1h);
  EXPECT_FALSE(lost.connected());
  EXPECT_EQ(lost.connect_error(), 0);
  loop_.set_weather(kBackend, {});
  connect();
  EXPECT_EQ(server_.accepted(), 1u);
}

TEST_P(MemoryNetworkTest, PausedListenerLetsConnectionsWait) {
  server_.listener().pause();
  RawPeer first(loop_, kBackend), second(loop_, kBackend);
  first.send("early");
  loop_.run_until_idle();
  EXPECT_TRUE(first.connected());
  EXPECT_EQ(server_.accepted(), 0u);
  server_.listener().resume();
  loop_.run_until_idle();
  ASSERT_EQ(server_.accepted(), 2u);
  server_.listener().pause();
  RawPeer third(loop_, kBackend);
  loop_.run_until_idle();
  server_.stop_listening();
  loop_.run_until_idle();
  EXPECT_TRUE(third.broken());
}

// Reads and writes in the observer's calls only, and only until would_block: whoever works on edges
// like this must never be forgotten.
TEST_P(MemoryNetworkTest, EdgesAreNeverForgotten) {
  connect();
  peer().on_input = [](RawPeer& p) {
    const std::string echo = p.received();
    p.clear_received();
    p.send(echo);
    if (p.ended()) p.end_writing();
  };
  const std::string big = pattern(500'000);
  client_->send(big);
  client_->end_writing();
  loop_.run_until_idle();
  EXPECT_EQ(client_->received(), big);
  EXPECT_TRUE(client_->ended());
}

TEST_P(MemoryNetworkTest, SameSeedSameHistory) {
  const auto history = [](uint64_t seed) {
    MemoryLoop loop(seed);
    RawServer server(loop, kBackend);
    RawPeer client(loop, kBackend);
    std::vector<std::pair<Instant, size_t>> pieces;
    client.send(pattern(10'000));
    loop.run_until([&] { return server.accepted() > 0; });
    server.last().on_input = [&](RawPeer& p) {
      pieces.emplace_back(loop.now(), p.received().size());
    };
    loop.run_until_idle();
    return pieces;
  };
  EXPECT_EQ(history(GetParam()), history(GetParam()));
  EXPECT_NE(history(GetParam()), history(GetParam() + 1));
}

TEST(MemoryLoop, TimePassesOnlyWhenNothingIsRunnable) {
  MemoryLoop loop(1);
  const Instant start = loop.now();
  net::Timer timer(loop.timers(), [] {});
  timer.arm_after(10min);
  EXPECT_TRUE(loop.run_until([&] { return !timer.armed(); }));
  EXPECT_GE(loop.now(), start + 10min);
  EXPECT_LE(loop.now(), start + 10min + 2ms);
  EXPECT_FALSE(loop.run_until([] { return false; })) << "nothing is left that could happen";
  loop.run_until(start + 2h);
  EXPECT_EQ(loop.now(), start + 2h);
  EXPECT_NEAR(loop.wall_seconds() - MemoryLoop(1).wall_seconds(), 7200, 1e-3);
}

TEST(MemoryLoop, WithoutChoppingBytesArriveWhole) {
  MemoryLoop loop(1, {.latency = 5ms, .chop = false});
  RawServer server(loop, kBackend);
  RawPeer client(loop, kBackend);
  ASSERT_TRUE(loop.run_until([&] { return server.accepted() == 1; }));
  const Instant sent = loop.now();
  int pieces = 0;
  server.last().on_input = [&](RawPeer&) { ++pieces; };
  client.send(pattern(10'000));
  loop.run_until_idle();
  EXPECT_EQ(pieces, 1);
  EXPECT_EQ(loop.now(), sent + 5ms);
}

TEST(MemoryLoop, ListensOncePerAddressAndEverywhere) {
  MemoryLoop loop(1);
  RawServer server(loop, *Address::parse(":0"));
  EXPECT_FALSE(loop.listen(server.address(), [](auto) {}));
  RawPeer client(loop, *Address::from_ip("10.9.9.9", server.address().port()));
  loop.run_until_idle();
  EXPECT_TRUE(client.connected());
}

TEST(MemoryResolver, AnswersFromItsTable) {
  MemoryLoop loop(1);
  MemoryResolver resolver(loop);
  resolver.set("model.internal", {"10.0.0.1"}, 10s);
  net::ResolvedName name(loop, resolver, "model.internal", 80, {}, [] {});
  EXPECT_FALSE(name.settled());
  loop.run_until([&] { return name.settled(); });
  ASSERT_EQ(name.addresses().size(), 1u);
  EXPECT_EQ(name.addresses()[0], kBackend);
  resolver.set("model.internal", {"10.0.0.2", "10.0.0.3"}, 10s);
  loop.run_for(11s);
  EXPECT_EQ(name.addresses().size(), 2u);
  resolver.set("model.internal", {});
  loop.run_for(11s);
  EXPECT_EQ(name.addresses().size(), 2u);
  EXPECT_EQ(name.error(), "cannot resolve 'model.internal': no such name");
}

}  // namespace
}  // namespace warmgate::test
