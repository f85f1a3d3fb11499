#include "net/tcp.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>

#include "base/prng.h"

namespace warmgate::net {
namespace {

// One end of a connection that notes what it is told.
class End final : public StreamObserver {
 public:
  explicit End(std::unique_ptr<Stream> s) : stream(std::move(s)) { stream->observe(this); }

  void on_connected(int error) override { connected = error; }
  void on_readable() override { ++readable, read_all(); }
  void on_writable() override { write_more(); }

  void read_all() {
    char piece[50'000];
    while (reading) {
      const IoResult result = stream->read(piece);
      if (result.status == IoStatus::would_block) return;
      if (result.status == IoStatus::end) ended = true;
      if (result.status == IoStatus::failed) failed = result.error;
      if (result.status != IoStatus::ok) return;
      received.append(piece, result.bytes);
    }
  }
  void send(std::string text) {
    to_send += text;
    write_more();
  }
  void write_more() {
    while (sent < to_send.size()) {
      const std::string_view rest = std::string_view(to_send).substr(sent);
      const size_t cut = std::min(size_t{3}, rest.size());
      const std::string_view pieces[] = {rest.substr(0, cut), rest.substr(cut)};
      const IoResult result = stream->write(pieces);
      blocked = blocked || result.status == IoStatus::would_block;
      if (result.status != IoStatus::ok) return;
      sent += result.bytes;
    }
  }

  std::unique_ptr<Stream> stream;
  int connected = -1;
  int readable = 0;
  bool reading = true;
  bool ended = false;
  bool blocked = false;
  int failed = 0;
  std::string received;
  std::string to_send;
  size_t sent = 0;
};

class TcpTest : public testing::Test {
 protected:
  TcpTest() {
    auto listener = loop_.listen(*Address::parse("127.0.0.1:0"), [this](auto stream) {
      server_ = std::make_unique<End>(std::move(stream));
    });
    EXPECT_TRUE(listener);
    listener_ = std::move(*listener);
  }

  // Runs the loop until `done`, looking every millisecond. A test that hangs ends by its time
  // limit.
  template <class Condition>
  void run_until(Condition done) {
    Timer look(loop_.timers(), [&] {
      if (done()) return loop_.stop();
      look_again_->arm_after(1ms);
    });
    look_again_ = &look;
    look.arm_after(0ms);
    loop_.run();
  }
  void connect() {
    client_ = std::make_unique<End>(std::move(*loop_.connect(listener_->address())));
    run_until([&] { return client_->connected >= 0 && server_ != nullptr; });
    EXPECT_EQ(client_->connected, 0);
  }

  EpollLoop loop_;
  Timer* look_again_ = nullptr;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<End> client_;
  std::unique_ptr<End> server_;
};

TEST_F(TcpTest, CarriesBytesBothWaysAndTheEnd) {
  connect();
  EXPECT_EQ(client_->stream->peer(), listener_->address());
  EXPECT_TRUE(server_->stream->peer().loopback());
  client_->send("hello");
  server_->send("welcome");
  run_until([&] { return server_->received == "hello" && client_->received == "welcome"; });
  client_->stream->shutdown_write();
  run_until([&] { return server_->ended; });
  server_->send("bye");
  run_until([&] { return client_->received == "welcomebye"; });
  server_.reset();
  run_until([&] { return client_->ended; });
}

TEST_F(TcpTest, DataThatCameWithTheEndIsReadBeforeIt) {
  connect();
  server_->send(std::string(20'000, 'x'));
  server_.reset();
  run_until([&] { return client_->ended; });
  EXPECT_EQ(client_->received.size(), 20'000u);
}

TEST_F(TcpTest, WriterIsHeldBackWhileNobodyReads) {
  connect();
  server_->reading = false;
  std::string big;
  Prng random(1);
  while (big.size() < 32 * 1024 * 1024) big += std::to_string(random.next());
  client_->send(big);
  run_until([&] { return client_->blocked; });
  EXPECT_LT(client_->sent, big.size());
  server_->reading = true;
  server_->read_all();  // what nobody read brings no second edge
  run_until([&] { return server_->received.size() >= big.size(); });
  EXPECT_TRUE(server_->received == big);
}

TEST_F(TcpTest, ResetIsNotAnEnd) {
  connect();
  client_->stream->reset_on_close();
  client_.reset();
  run_until([&] { return server_->failed != 0 || server_->ended; });
  EXPECT_EQ(server_->failed, ECONNRESET);
  const std::string_view piece[] = {"x"};
  EXPECT_EQ(server_->stream->write(piece).status, IoStatus::failed) << "and no SIGPIPE";
}

TEST_F(TcpTest, ResetThatAWriteWasToldOfIsNotAnEndForTheReaderEither) {
  connect();
  server_->stream->observe(nullptr);
  client_->stream->reset_on_close();
  client_.reset();
  run_until([&] {
    server_->send("x");
    const std::string_view piece[] = {"x"};
    return server_->stream->write(piece).status == IoStatus::failed;
  });
  server_->read_all();
  EXPECT_FALSE(server_->ended);
  EXPECT_NE(server_->failed, 0);
}

TEST_F(TcpTest, RefusedConnectionIsTold) {
  const Address nobody = listener_->address();
  listener_.reset();
  auto stream = loop_.connect(nobody);
  ASSERT_TRUE(stream) << "refused later, not at once";
  client_ = std::make_unique<End>(std::move(*stream));
  run_until([&] { return client_->connected >= 0; });
  EXPECT_EQ(client_->connected, ECONNREFUSED);
  EXPECT_EQ(client_->readable, 0);
}

TEST_F(TcpTest, EdgesWithoutAnObserverAreNotLostForTheNextOne) {
  connect();
  client_->send("one");
  run_until([&] { return server_->received == "one"; });
  server_->stream->observe(nullptr);
  client_->send("two");
  client_->stream->shutdown_write();
  server_->send("x");  // an answer that comes back shows that "two" is here
  run_until([&] { return client_->received == "x"; });
  server_->stream->observe(server_.get());
  server_->read_all();
  run_until([&] { return server_->received == "onetwo" && server_->ended; });
}

class Suicidal final : public StreamObserver {
 public:
  explicit Suicidal(std::unique_ptr<Stream> s) : stream(std::move(s)) { stream->observe(this); }
  void on_connected(int) override { end("connected"); }
  void on_readable() override { end("readable"); }
  void on_writable() override { end("writable"); }
  void end(const char* where) {
    if (ends_at != where) return;
    stream.reset();
    ended = true;
  }
  std::unique_ptr<Stream> stream;
  std::string ends_at;
  bool ended = false;
};

TEST_F(TcpTest, StreamMayBeDestroyedInEveryCallOfItsObserver) {
  for (const char* where : {"connected", "readable", "writable"}) {
    Suicidal client(std::move(*loop_.connect(listener_->address())));
    client.ends_at = where;
    run_until([&] { return server_ != nullptr; });
    server_->send("x");
    run_until([&] { return client.ended; });
    server_.reset();
  }
}

TEST_F(TcpTest, ListenerMayBeDestroyedByItsHandler) {
  auto second = loop_.listen(*Address::parse("127.0.0.1:0"), [this](auto stream) {
    listener_.reset();
    server_ = std::make_unique<End>(std::move(stream));
  });
  listener_ = std::move(*second);
  const Address address = listener_->address();
  End a(std::move(*loop_.connect(address)));
  End b(std::move(*loop_.connect(address)));
  run_until([&] { return server_ != nullptr; });
  EXPECT_EQ(listener_, nullptr);
}

TEST_F(TcpTest, PausedListenerLetsConnectionsWait) {
  listener_->pause();
  client_ = std::make_unique<End>(std::move(*loop_.connect(listener_->address())));
  client_->send("early");
  run_until([&] { return client_->connected == 0; });
  EXPECT_EQ(server_, nullptr);
  client_->write_more();
  listener_->resume();
  run_until([&] { return server_ != nullptr && server_->received == "early"; });
}

TEST_F(TcpTest, WantOfDescriptorsIsWaitedFor) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers need descriptors of their own";
#endif
  client_ = std::make_unique<End>(std::move(*loop_.connect(listener_->address())));
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{4, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  int looks = 0;
  run_until([&] { return client_->connected == 0 && ++looks > 5; });
  EXPECT_EQ(server_, nullptr);
  setrlimit(RLIMIT_NOFILE, &before);
  run_until([&] { return server_ != nullptr; });
}

TEST_F(TcpTest, SaysWhyItCannotListen) {
  const auto same = loop_.listen(listener_->address(), [](auto) {});
  ASSERT_FALSE(same);
  EXPECT_NE(same.error().message.find(" is in use; stop the program"), std::string::npos)
      << same.error().message;
  const auto foreign = loop_.listen(*Address::from_ip("192.0.2.1", 0), [](auto) {});
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().message.find("no interface"), std::string::npos)
      << foreign.error().message;
}

TEST_F(TcpTest, DualStackListenerTakesBothFamilies) {
  auto second = loop_.listen(*Address::parse(":0"), [this](auto stream) {
    server_ = std::make_unique<End>(std::move(stream));
  });
  ASSERT_TRUE(second);
  listener_ = std::move(*second);
  client_ = std::make_unique<End>(
      std::move(*loop_.connect(*Address::from_ip("127.0.0.1", listener_->address().port()))));
  run_until([&] { return server_ != nullptr; });
  EXPECT_EQ(server_->stream->peer().ip(), "127.0.0.1");
  EXPECT_TRUE(server_->stream->peer().loopback());
}

}  // namespace
}  // namespace warmgate::net
