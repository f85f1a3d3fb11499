#include "net/resolved_name.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace warmgate::net {
namespace {

class VirtualLoop final : public Loop {
 public:
  VirtualLoop() : Loop(Instant(1h)) {}
  void post(std::function<void()>) override {}
  double wall_seconds() const override { return 0; }
  Result<std::unique_ptr<Stream>> connect(const Address&) override { return Error{"no network"}; }
  Result<std::unique_ptr<Listener>> listen(const Address&, AcceptHandler) override {
    return Error{"no network"};
  }
  void advance(Duration by) {
    for (Duration d{}; d < by; d += 100ms) timers_.advance(now() + 100ms);
  }
};

class HandResolver final : public Resolver {
 public:
  std::unique_ptr<Lookup> resolve(const std::string&, uint16_t, Callback callback) override {
    ++lookups;
    callback_ = std::move(callback);
    return std::make_unique<Lookup>();
  }
  void answer(std::initializer_list<const char*> ips, Duration ttl) {
    Resolution resolution{{}, ttl};
    for (const char* ip : ips) resolution.addresses.push_back(*Address::from_ip(ip, 80));
    std::exchange(callback_, nullptr)(std::move(resolution));
  }
  void fail(std::string why) { std::exchange(callback_, nullptr)(Error{std::move(why)}); }
  bool asked() const { return callback_ != nullptr; }
  int lookups = 0;

 private:
  Callback callback_;
};

class ResolvedNameTest : public testing::Test {
 protected:
  ResolvedNameTest() {
    set_log_sink([this](LogLevel, std::string_view, std::string_view message) {
      log_ += std::string(message) + "\n";
    });
  }
  ~ResolvedNameTest() override { set_log_sink(nullptr); }

  ResolvedName make(const char* host = "model.internal", Refresh refresh = {}) {
    return ResolvedName(loop_, resolver_, host, 80, refresh, [this] { ++updates_; });
  }

  VirtualLoop loop_;
  HandResolver resolver_;
  int updates_ = 0;
  std::string log_;
};

TEST_F(ResolvedNameTest, NumericHostIsSettledAtOnce) {
  const ResolvedName name = make("192.0.2.1");
  EXPECT_TRUE(name.settled());
  ASSERT_EQ(name.addresses().size(), 1u);
  loop_.advance(10min);
  EXPECT_EQ(resolver_.lookups, 0);
  EXPECT_EQ(updates_, 0);
}

TEST_F(ResolvedNameTest, LooksUpAgainWhenItsTimeToLiveIsOver) {
  const ResolvedName name = make();
  EXPECT_FALSE(name.settled());
  resolver_.answer({"192.0.2.1"}, 20s);
  EXPECT_TRUE(name.settled());
  EXPECT_EQ(updates_, 1);
  loop_.advance(19s);
  EXPECT_EQ(resolver_.lookups, 1);
  loop_.advance(2s);
  EXPECT_EQ(resolver_.lookups, 2);
}

TEST_F(ResolvedNameTest, BoundsTheInterval) {
  const ResolvedName name = make("model.internal", {.min = 5s, .max = 10s});
  resolver_.answer({"192.0.2.1"}, 0s);
  loop_.advance(4s);
  EXPECT_EQ(resolver_.lookups, 1);
  loop_.advance(2s);
  EXPECT_EQ(resolver_.lookups, 2);
  resolver_.answer({"192.0.2.1"}, Duration::max());
  loop_.advance(11s);
  EXPECT_EQ(resolver_.lookups, 3);
}

TEST_F(ResolvedNameTest, TellsChangesOfTheSetButNotOfTheOrder) {
  const ResolvedName name = make();
  resolver_.answer({"192.0.2.1", "192.0.2.2"}, 1s);
  loop_.advance(2s);
  resolver_.answer({"192.0.2.2", "192.0.2.1"}, 1s);
  EXPECT_EQ(updates_, 1);
  EXPECT_EQ(name.addresses()[0].ip(), "192.0.2.1");
  loop_.advance(2s);
  resolver_.answer({"192.0.2.2"}, 1s);
  EXPECT_EQ(updates_, 2);
  EXPECT_EQ(name.addresses()[0].ip(), "192.0.2.2");
}

TEST_F(ResolvedNameTest, TellsWhyTheFirstLookupFailedAndGoesOnTrying) {
  const ResolvedName name = make();
  resolver_.fail("cannot resolve 'model.internal': no such name");
  EXPECT_TRUE(name.settled());
  EXPECT_EQ(updates_, 1);
  EXPECT_TRUE(name.addresses().empty());
  EXPECT_EQ(name.error(), "cannot resolve 'model.internal': no such name");
  EXPECT_EQ(log_, "");
  loop_.advance(2s);
  resolver_.answer({"192.0.2.1"}, 1s);
  EXPECT_EQ(updates_, 2);
  EXPECT_EQ(name.error(), "");
}

TEST_F(ResolvedNameTest, KeepsTheLastGoodAddressesAndSaysSoOnce) {
  const ResolvedName name = make();
  resolver_.answer({"192.0.2.1"}, 1s);
  for (int i = 0; i < 3; ++i) {
    loop_.advance(40s);
    ASSERT_TRUE(resolver_.asked());
    resolver_.fail("cannot resolve 'model.internal': no answer");
  }
  EXPECT_EQ(name.addresses().size(), 1u);
  EXPECT_EQ(updates_, 1);
  EXPECT_EQ(log_,
            "cannot resolve 'model.internal': no answer; its last known addresses stay in use\n");
  loop_.advance(40s);
  resolver_.answer({"192.0.2.1"}, 1s);
  EXPECT_NE(log_.find("'model.internal' resolves again\n"), std::string::npos);
}

TEST_F(ResolvedNameTest, PausesGrowWhileLookupsFail) {
  const ResolvedName name = make();
  for (int i = 0; i < 600; ++i) {
    if (resolver_.asked()) resolver_.fail("no");
    loop_.advance(1s);
  }
  EXPECT_GE(resolver_.lookups, 20) << "every 30 seconds at least";
  EXPECT_LE(resolver_.lookups, 30);
}

TEST_F(ResolvedNameTest, RefreshSoonIsBoundedByTheLeastInterval) {
  ResolvedName name = make("model.internal", {.min = 2s, .max = 5min});
  name.refresh_soon();
  EXPECT_EQ(resolver_.lookups, 1) << "one is under way";
  resolver_.answer({"192.0.2.1"}, 1min);
  for (int i = 0; i < 10; ++i) name.refresh_soon();
  loop_.advance(1s);
  EXPECT_EQ(resolver_.lookups, 1);
  loop_.advance(2s);
  EXPECT_EQ(resolver_.lookups, 2);
}

TEST_F(ResolvedNameTest, CallbackMayDestroyIt) {
  std::unique_ptr<ResolvedName> name;
  name = std::make_unique<ResolvedName>(loop_, resolver_, "model.internal", uint16_t{80}, Refresh(),
                                        [&] { name.reset(); });
  resolver_.answer({"192.0.2.1"}, 1s);
  EXPECT_EQ(name, nullptr);
  loop_.advance(1min);
  EXPECT_EQ(resolver_.lookups, 1);
}

}  // namespace
}  // namespace warmgate::net
