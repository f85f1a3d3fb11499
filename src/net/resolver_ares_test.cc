#include "net/resolver_ares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

namespace warmgate::net {
namespace {

using testing::HasSubstr;

// A name server of one thread with the loop: it answers a question for an IPv4 address by what
// `answer` says, one for IPv6 with no data.
class DnsServer {
 public:
  struct Answer {
    int code = 0;  // 3: no such name; 2: failure
    uint8_t ttl = 0;
    std::vector<std::string> addresses;
    bool silent = false;
  };

  explicit DnsServer(EpollLoop& loop) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    const Address any = *Address::from_ip("127.0.0.1", 0);
    EXPECT_EQ(bind(fd_, any.get(), any.length()), 0);
    sockaddr_storage bound{};
    socklen_t length = sizeof(bound);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &length);
    where = Address(reinterpret_cast<const sockaddr*>(&bound), length).to_string();
    watch_ = loop.watch(fd_, [this] { on_question(); });
  }
  ~DnsServer() {
    watch_.reset();
    close(fd_);
  }

  std::string where;
  Answer answer;
  int questions = 0;

 private:
  void on_question() {
    std::string packet(512, '\0');
    sockaddr_storage peer{};
    socklen_t length = sizeof(peer);
    const ssize_t n =
        recvfrom(fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&peer), &length);
    if (n < 17) return;
    ++questions;
    if (answer.silent) return;
    packet.resize(packet.find('\0', 12) + 5);  // the header and the question, without EDNS
    const bool v4 = packet[packet.size() - 3] == 1;
    const size_t count = v4 && answer.code == 0 ? answer.addresses.size() : 0;
    packet[2] = '\x81';
    packet[3] = static_cast<char>(0x80 | answer.code);
    packet[7] = static_cast<char>(count);
    packet[11] = 0;
    for (size_t i = 0; i < count; ++i) {
      const Address address = *Address::from_ip(answer.addresses[i], 0);
      const auto* v4_address = reinterpret_cast<const sockaddr_in*>(address.get());
      packet += std::string("\xc0\x0c\0\1\0\1\0\0\0", 9) + static_cast<char>(answer.ttl);
      packet += std::string("\0\4", 2);
      packet.append(reinterpret_cast<const char*>(&v4_address->sin_addr), 4);
    }
    sendto(fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&peer), length);
  }

  int fd_;
  std::unique_ptr<EpollLoop::Watch> watch_;
};

class AresResolverTest : public testing::Test {
 protected:
  Result<Resolution> resolve(const std::string& host, uint16_t port = 80) {
    std::optional<Result<Resolution>> result;
    auto lookup = resolver_.resolve(host, port, [&](Result<Resolution> r) {
      result = std::move(r);
      loop_.stop();
    });
    EXPECT_FALSE(result) << "called from within resolve()";
    loop_.run();
    return *result;
  }

  EpollLoop loop_;
  DnsServer server_{loop_};
  AresResolver resolver_{loop_, {.servers = server_.where, .try_time = 20ms}};
};

TEST_F(AresResolverTest, NumericAddressIsItsOwnAnswer) {
  const auto v4 = resolve("192.0.2.7", 8080);
  ASSERT_TRUE(v4);
  ASSERT_EQ(v4->addresses.size(), 1u);
  EXPECT_EQ(v4->addresses[0].to_string(), "192.0.2.7:8080");
  EXPECT_EQ(v4->ttl, Duration::max());
  EXPECT_EQ(resolve("::1", 81)->addresses[0].to_string(), "[::1]:81");
  EXPECT_EQ(server_.questions, 0);
}

TEST_F(AresResolverTest, LocalhostNeedsNoNameServer) {
  const auto result = resolve("localhost", 8080);
  ASSERT_TRUE(result) << result.error().message;
  for (const Address& address : result->addresses) {
    EXPECT_TRUE(address.loopback()) << address.to_string();
    EXPECT_EQ(address.port(), 8080);
  }
  EXPECT_EQ(server_.questions, 0);
}

TEST_F(AresResolverTest, AnswersWithAddressesAndTimeToLive) {
  server_.answer = {.ttl = 42, .addresses = {"127.0.0.2", "127.0.0.3"}};
  const auto result = resolve("model.example.");
  ASSERT_TRUE(result) << result.error().message;
  std::vector<std::string> addresses;
  for (const Address& address : result->addresses) addresses.push_back(address.to_string());
  EXPECT_THAT(addresses, testing::UnorderedElementsAre("127.0.0.2:80", "127.0.0.3:80"));
  EXPECT_EQ(result->ttl, 42s);
}

TEST_F(AresResolverTest, BoundsTheNumberOfAddressesAndDropsDuplicates) {
  server_.answer.addresses = {"127.0.0.1", "127.0.0.1"};
  EXPECT_EQ(resolve("model.example.")->addresses.size(), 1u);
  for (int i = 2; i < 22; ++i) server_.answer.addresses.push_back("127.0.0." + std::to_string(i));
  EXPECT_EQ(resolve("model.example.")->addresses.size(), kMaxAddresses);
}

TEST_F(AresResolverTest, SaysWhyANameDoesNotResolve) {
  server_.answer.code = 3;
  EXPECT_THAT(resolve("model.invalid.").error().message,
              testing::StartsWith("cannot resolve 'model.invalid.': no such name; check"));
  server_.answer.code = 0;
  EXPECT_THAT(resolve("model.example.").error().message, HasSubstr("has no IPv4 or IPv6 address"));
  server_.answer.code = 2;
  EXPECT_THAT(resolve("model.example.").error().message,
              HasSubstr("no useful answer from the name server 127.0.0.1"));
  server_.answer = {.ttl = 1, .addresses = {"127.0.0.2"}};
  EXPECT_TRUE(resolve("model.example.")) << "after the name server has recovered";
}

TEST_F(AresResolverTest, RefusesWhatIsNoName) {
  EXPECT_FALSE(resolve("a..b"));
  EXPECT_FALSE(resolve(std::string(300, 'x')));
}

TEST_F(AresResolverTest, DestroyedLookupIsNeverCalled) {
  server_.answer = {.ttl = 1, .addresses = {"127.0.0.2"}};
  const auto fail = [](const Result<Resolution>&) { FAIL() << "cancelled, but called"; };
  auto numeric = resolver_.resolve("192.0.2.7", 80, fail);
  auto named = resolver_.resolve("other.example.", 80, fail);
  numeric.reset();
  named.reset();
  EXPECT_TRUE(resolve("model.example."));
}

TEST_F(AresResolverTest, LookupMayDestroyItselfInItsCallback) {
  std::unique_ptr<Resolver::Lookup> lookup;
  lookup = resolver_.resolve("192.0.2.7", 80, [&](const Result<Resolution>&) {
    lookup.reset();
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(lookup, nullptr);
}

TEST_F(AresResolverTest, ResolverMayGoBeforeItsLookups) {
  server_.answer.silent = true;
  auto resolver = std::make_unique<AresResolver>(
      loop_, AresResolver::Options{.servers = server_.where, .try_time = 20ms});
  auto lookup = resolver->resolve("model.example.", 80, [](const Result<Resolution>&) { FAIL(); });
  resolver.reset();
  EXPECT_TRUE(resolve("localhost"));
}

TEST_F(AresResolverTest, GivesUpOnASilentNameServerByItself) {
  server_.answer.silent = true;
  const auto result = resolve("model.example.");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no answer from the name server 127.0.0.1"));
  EXPECT_GE(server_.questions, 2);
}

}  // namespace
}  // namespace warmgate::net
