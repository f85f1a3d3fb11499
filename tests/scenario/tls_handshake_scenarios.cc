// Who may speak to whom: certificates, names, versions, protocols, sessions; at every split point.
#include <cstring>
#include <fstream>

#include "net/tls_stream.h"
#include "tls_fixture.h"

namespace warmgate::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TlsHandshakes : public TlsScenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, TlsHandshakes, testing::Range(uint64_t{1}, uint64_t{4}));

TEST_P(TlsHandshakes, AName) {
  start({.names = {kTlsName, "*.wild.example"}});
  net::TlsClient right = make_client();
  EXPECT_EQ(handshake_problem(right), "");
  EXPECT_EQ(right.stats().full, 1u);
  net::TlsClient wild = make_client("a.wild.example");
  EXPECT_EQ(handshake_problem(wild), "");
  net::TlsClient wrong = make_client("other.example");
  EXPECT_EQ(handshake_problem(wrong),
            "TLS handshake failed: the certificate is not for other.example but for "
            "backend.example, *.wild.example");
  EXPECT_EQ(wrong.stats().failed, 1u);
  EXPECT_EQ(tls_->stats().failed, 1u) << "the alert tells the server";
}

TEST_P(TlsHandshakes, AnAddressInsteadOfAName) {
  start({.names = {"10.0.0.1", "::1"}});
  for (const char* address : {"10.0.0.1", "::1"}) {
    net::TlsClient client = make_client(address);
    EXPECT_EQ(handshake_problem(client), "") << address;
  }
  net::TlsClient other = make_client("10.0.0.2");
  EXPECT_THAT(handshake_problem(other), HasSubstr("is not for 10.0.0.2 but for 10.0.0.1, ::1"));
}

TEST_P(TlsHandshakes, ACertificateOutOfItsTime) {
  start({.until = 5min});
  net::TlsClient client = make_client();
  EXPECT_EQ(handshake_problem(client), "");
  loop_.run_for(10min);
  net::TlsClient later = make_client();
  EXPECT_THAT(handshake_problem(later),
              AllOf(HasSubstr("the certificate expired on 2025-06-15"), HasSubstr(kTlsName)));
}

TEST_P(TlsHandshakes, AnIssuerThatNobodyKnows) {
  start();
  const CertificateAuthority stranger(loop_.wall_seconds(), "Stranger");
  net::TlsClient client = make_client(net::TlsClientSettings{.ca_file = stranger.ca_file()});
  EXPECT_THAT(handshake_problem(client),
              AllOf(HasSubstr("issuer is unknown: CN = Test Authority"), HasSubstr("tls.ca_file")));
  net::TlsClient system = make_client(net::TlsClientSettings{});
  EXPECT_THAT(handshake_problem(system), HasSubstr("issuer is unknown"));
  net::TlsClient careless = make_client(net::TlsClientSettings{.verify = false});
  EXPECT_EQ(handshake_problem(careless), "");
}

TEST_P(TlsHandshakes, AClientThatMustShowACertificate) {
  start({}, authority_.ca_file());
  const CertificateFiles own = authority_.issue({.names = {"gateway"}}, "client");
  const CertificateAuthority stranger(loop_.wall_seconds(), "Stranger");
  net::TlsClient good = make_client(
      {.ca_file = authority_.ca_file(), .certificate_file = own.certificate, .key_file = own.key});
  const auto known = connect(good);
  loop_.run_until_idle();
  known->send("hello");
  loop_.run_until_idle();
  EXPECT_EQ(server_->last().received(), "hello");
  // In TLS 1.3 the client learns of its refusal only after its side of the handshake.
  net::TlsClient nameless = make_client();
  const auto refused = connect(nameless);
  loop_.run_until_idle();
  EXPECT_TRUE(refused->broken());
  EXPECT_THAT(refused->stream().problem(),
              AllOf(HasSubstr("the peer refused it"), HasSubstr("certificate required")));
  EXPECT_TRUE(server_->last().broken());
}

TEST_P(TlsHandshakes, TheCertificateOfTheNameThatWasAskedFor) {
  const CertificateFiles a = authority_.issue({.names = {"a.example"}}, "a");
  const CertificateFiles b = authority_.issue({.names = {"b.example", "*.b.example"}}, "b");
  start_server({.identities = {{a.certificate, a.key}, {b.certificate, b.key}}});
  for (const char* name : {"a.example", "b.example", "x.b.example"}) {
    net::TlsClient client = make_client(name);
    EXPECT_EQ(handshake_problem(client), "") << name;
  }
  net::TlsClient unknown = make_client("c.example");
  EXPECT_THAT(handshake_problem(unknown), HasSubstr("but for a.example"));
}

TEST_P(TlsHandshakes, SessionsAreResumedAlsoAfterAReload) {
  start();
  net::TlsClient client = make_client();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(handshake_problem(client), "");
    EXPECT_EQ(client.stats().full, 1u);
    EXPECT_EQ(client.stats().resumed, static_cast<uint64_t>(i));
  }
  authority_.issue();
  tls_->look_at_files();
  EXPECT_EQ(tls_->stats().reloads, 1u);
  EXPECT_EQ(handshake_problem(client), "");
  EXPECT_EQ(client.stats().resumed, 5u);
  EXPECT_EQ(tls_->stats().resumed, 5u);
}

TEST_P(TlsHandshakes, SessionsEndWithTheirTicketKeys) {
  start({.until = 2 * net::TlsServer::kTicketKeyLife});
  net::TlsClient client = make_client();
  EXPECT_EQ(handshake_problem(client), "");
  loop_.run_for(net::TlsServer::kTicketKeyLife - 1min);
  EXPECT_EQ(handshake_problem(client), "");
  EXPECT_EQ(client.stats().resumed, 1u);
  loop_.run_for(2min);
  EXPECT_EQ(handshake_problem(client), "");
  EXPECT_EQ(client.stats().full, 2u);
  EXPECT_EQ(handshake_problem(client), "");
  EXPECT_EQ(client.stats().resumed, 2u);
}

TEST_P(TlsHandshakes, SessionsOfOtherClientAuthoritiesAreNot) {
  const CertificateFiles own = authority_.issue({.names = {"gateway"}}, "client");
  const std::string clients = authority_.folder() + "/clients.pem";
  const auto copy = [&](const std::string& from) {
    std::ofstream(clients) << std::ifstream(from).rdbuf();
  };
  copy(authority_.ca_file());
  start({}, clients);
  net::TlsClient client = make_client(
      {.ca_file = authority_.ca_file(), .certificate_file = own.certificate, .key_file = own.key});
  EXPECT_EQ(handshake_problem(client), "");
  EXPECT_EQ(handshake_problem(client), "");
  EXPECT_EQ(tls_->stats().resumed, 1u);
  const CertificateAuthority stranger(loop_.wall_seconds(), "Stranger");
  copy(stranger.ca_file());
  tls_->look_at_files();
  const auto refused = connect(client);
  loop_.run_until_idle();
  EXPECT_EQ(tls_->stats().resumed, 1u);
  EXPECT_EQ(tls_->stats().failed, 1u);
  EXPECT_TRUE(refused->broken());
}

TEST_P(TlsHandshakes, NewFilesAreUsedAndBadOnesAreNot) {
  start();
  authority_.issue({.names = {"new.example"}});
  net::TlsClient client = make_client("new.example");
  EXPECT_THAT(handshake_problem(client), HasSubstr("but for backend.example"));
  loop_.run_for(net::TlsServer::kLookInterval);
  EXPECT_EQ(handshake_problem(client), "");
  const CertificateFiles files = authority_.issue({.names = {"newer.example"}});
  std::ofstream(files.certificate) << "-----BEGIN CERTIFICATE-----\nnonsense\n";
  loop_.run_for(net::TlsServer::kLookInterval);
  EXPECT_THAT(tls_->reload_problem(), HasSubstr(files.certificate));
  EXPECT_EQ(tls_->stats().reloads_failed, 1u);
  net::TlsClient another = make_client("new.example");
  EXPECT_EQ(handshake_problem(another), "") << "the old certificate stays";
  authority_.issue({.names = {"newer.example"}});
  loop_.run_for(net::TlsServer::kLookInterval);
  EXPECT_EQ(tls_->reload_problem(), "");
  net::TlsClient newer = make_client("newer.example");
  EXPECT_EQ(handshake_problem(newer), "");
}

// ---- what others speak ----

class Bystander final : public net::TlsOwner {
 public:
  void on_handshake(bool) override { done = true; }
  void on_handshake_failed() override { failed = true; }
  bool done = false;
  bool failed = false;
};

// A client that is set up as we would not.
template <class Configure>
std::string odd_client(MemoryLoop& loop, Bystander& owner, Configure configure) {
  net::OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  configure(context.get());
  net::OpenSslPtr<SSL> ssl(SSL_new(context.get()));
  SSL_set_connect_state(ssl.get());
  RawPeer peer(std::make_unique<net::TlsStream>(std::move(*loop.connect(kTlsAddress)),
                                                std::move(ssl), owner, "anybody"),
               false);
  loop.run_until_idle();
  const auto& stream = static_cast<net::TlsStream&>(peer.stream());
  return owner.done ? std::string(stream.protocol()) : stream.problem();
}

TEST_P(TlsHandshakes, OldVersionsAreRefused) {
  start();
  Bystander old, present;
  EXPECT_THAT(odd_client(loop_, old,
                         [](SSL_CTX* context) {
                           SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
                           SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
                         }),
              HasSubstr("the peer refused it: protocol version"));
  EXPECT_TRUE(old.failed);
  EXPECT_EQ(tls_->stats().failed, 1u);
  odd_client(loop_, present,
             [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); });
  EXPECT_TRUE(present.done) << "TLS 1.2 is spoken";
}

TEST_P(TlsHandshakes, OldServersAreRefused) {
  const CertificateFiles files = authority_.issue();
  net::OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  SSL_CTX_use_certificate_file(context.get(), files.certificate.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM);
  Bystander owner;
  std::unique_ptr<RawPeer> accepted;
  const auto listener = loop_.listen(kTlsAddress, [&](std::unique_ptr<net::Stream> stream) {
    net::OpenSslPtr<SSL> ssl(SSL_new(context.get()));
    SSL_set_accept_state(ssl.get());
    accepted = std::make_unique<RawPeer>(
        std::make_unique<net::TlsStream>(std::move(stream), std::move(ssl), owner, ""));
  });
  net::TlsClient client = make_client();
  EXPECT_THAT(handshake_problem(client), HasSubstr("protocol version"));
  EXPECT_TRUE(owner.failed);
}

TEST_P(TlsHandshakes, TheProtocolIsAgreedOn) {
  start();
  Bystander both, old, none, other;
  const auto offering = [](const char* protocols) {
    return [protocols](SSL_CTX* context) {
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols),
                              static_cast<unsigned int>(std::strlen(protocols)));
    };
  };
  EXPECT_EQ(odd_client(loop_, both, offering("\x08http/1.1\x02h2")), "h2") << "ours comes first";
  EXPECT_EQ(odd_client(loop_, old, offering("\x08http/1.1")), "http/1.1");
  EXPECT_EQ(odd_client(loop_, none, [](SSL_CTX*) {}), "");
  EXPECT_TRUE(none.done) << "a client need not say";
  EXPECT_THAT(odd_client(loop_, other, offering("\x06spdy/3")),
              HasSubstr("no application protocol"));
}

TEST_P(TlsHandshakes, PeersWithoutTlsAreToldApart) {
  start();
  RawPeer clear(loop_, kTlsAddress);
  clear.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  loop_.run_until_idle();
  EXPECT_TRUE(server_->last().broken());
  EXPECT_EQ(tls_->stats().failed, 1u);
  server_ =
      std::make_unique<RawServer>(loop_, *net::Address::from_ip("10.0.0.2", 80),
                                  [](RawPeer& peer) { peer.send("HTTP/1.1 400 No\r\n\r\n"); });
  net::TlsClient client = make_client();
  RawPeer peer(client.wrap(std::move(*loop_.connect(server_->address()))), false);
  loop_.run_until_idle();
  EXPECT_THAT(peer.stream().problem(), HasSubstr("the peer does not speak TLS there"));
}

TEST_P(TlsHandshakes, AConnectionThatIsRefusedHasNothingToDoWithTls) {
  net::TlsClient client = make_client();
  const auto peer = connect(client);
  loop_.run_until_idle();
  EXPECT_EQ(peer->connect_error(), ECONNREFUSED);
  EXPECT_EQ(peer->stream().problem(), "");
  EXPECT_EQ(client.stats().failed, 0u);
}

// ---- every split point ----

// Hands over the first `split` bytes, and the rest a little later.
class SplitStream final : public net::Stream, net::StreamObserver {
 public:
  SplitStream(MemoryLoop& loop, std::unique_ptr<net::Stream> below, size_t split, size_t* total)
      : loop_(loop), below_(std::move(below)), split_(split), total_(total) {
    below_->observe(this);
  }
  void move_to(net::Loop& loop) override { below_->move_to(loop); }
  void observe(net::StreamObserver* observer) override { observer_ = observer; }
  net::IoResult read(std::span<char> into) override {
    if (seen_ == split_ && !*over_) return {net::IoStatus::would_block, 0, 0};
    const size_t most = *over_ ? into.size() : std::min(into.size(), split_ - seen_);
    const net::IoResult result = below_->read(into.first(most));
    seen_ += result.bytes;
    *total_ += result.bytes;
    if (seen_ == split_ && !*over_ && !waits_) {
      waits_ = true;
      loop_.at(loop_.now() + 1ms, [this, alive = std::weak_ptr<bool>(over_)] {
        const auto over = alive.lock();
        if (over == nullptr) return;
        *over = true;
        observer_->on_readable();
      });
    }
    return result;
  }
  net::IoResult write(std::span<const std::string_view> pieces) override {
    return below_->write(pieces);
  }
  void shutdown_write() override { below_->shutdown_write(); }
  void reset_on_close() override { below_->reset_on_close(); }
  net::Address peer() const override { return below_->peer(); }

 private:
  void on_connected(int error) override { observer_->on_connected(error); }
  void on_readable() override { observer_->on_readable(); }
  void on_writable() override { observer_->on_writable(); }
  void on_end_arrived() override { observer_->on_end_arrived(); }

  MemoryLoop& loop_;
  std::unique_ptr<net::Stream> below_;
  net::StreamObserver* observer_ = nullptr;
  size_t split_;
  size_t* total_;
  size_t seen_ = 0;
  bool waits_ = false;
  std::shared_ptr<bool> over_ = std::make_shared<bool>(split_ == 0);
};

TEST(TlsSplits, EveryByteOfAHandshakeMayBeTheLastForAWhile) {
  MemoryLoop loop(1, {.chop = false});
  CertificateAuthority authority(loop.wall_seconds());
  const CertificateFiles files = authority.issue();
  auto server = net::TlsServer::open(loop, {.identities = {{files.certificate, files.key}}});
  ASSERT_TRUE(server);
  const auto context =
      net::TlsClientContext::load({.ca_file = authority.ca_file()}, loop.wall_seconds());
  for (const bool split_client : {true, false}) {
    size_t total = 1;  // bytes that came in the last round
    for (size_t split = 0, round = 0; split <= total; ++split, ++round) {
      total = 0;
      size_t ignored = 0;
      net::TlsClient client(loop, *context, kTlsName);
      std::unique_ptr<RawPeer> accepted;
      const auto listener = loop.listen(kTlsAddress, [&](std::unique_ptr<net::Stream> stream) {
        accepted = std::make_unique<RawPeer>((*server)->wrap(std::make_unique<SplitStream>(
            loop, std::move(stream), split_client ? 0 : split, split_client ? &ignored : &total)));
      });
      RawPeer peer(client.wrap(std::make_unique<SplitStream>(
                       loop, std::move(*loop.connect(kTlsAddress)), split_client ? split : 0,
                       split_client ? &total : &ignored)),
                   false);
      peer.send("question");
      loop.run_until_idle();
      ASSERT_NE(accepted, nullptr);
      accepted->send("answer");
      loop.run_until_idle();
      ASSERT_EQ(accepted->received(), "question") << split;
      ASSERT_EQ(peer.received(), "answer") << split;
    }
  }
}

}  // namespace
}  // namespace warmgate::test
