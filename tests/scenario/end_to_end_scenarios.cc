// A client pool against a server, many calls at once, over a network that misbehaves: by HTTP/1,
// and from kByH2 on by HTTP/2.
#include "client_call.h"
#include "server_fixture.h"

namespace warmgate::test {
namespace {

class EndToEnd : public ServerScenario {
 protected:
  EndToEnd() { pool_.set_addresses({kServerAddress}); }

  ClientCall::Request random_request() {
    Prng& random = loop_.random();
    ClientCall::Request request;
    switch (random.below(5)) {
      case 0:
        request.target = "/hello";
        break;
      case 1:
        request.target = "/big/" + std::to_string(random.below(400'000));
        break;
      case 2:
        request.target = "/sized/" + std::to_string(random.below(400'000));
        break;
      default:
        request.method = "POST";
        request.target = "/echo";
        request.body = pattern(random.below(uint64_t{1} << random.below(20)));
        request.chunked = request.body.empty() || random.chance(0.5);
        if (request.chunked && random.chance(0.5)) request.trailer = "v";
    }
    return request;
  }
  static std::string expected_body(const ClientCall::Request& request) {
    if (request.target == "/hello") return "hello";
    if (request.target == "/echo") return request.body;
    return pattern(std::stoul(request.target.substr(request.target.rfind('/') + 1)));
  }
  // Several callers at once, each with one call after the other.
  void run_calls(int calls) {
    struct Caller {
      ClientCall::Request request;
      std::unique_ptr<ClientCall> call;
    };
    std::vector<Caller> callers(8);
    const auto settle = [&](Caller& caller) {
      if (caller.call == nullptr || !caller.call->over()) return;
      if (caller.call->succeeded()) {
        ++succeeded_;
        ASSERT_EQ(caller.call->status(), 200);
        ASSERT_TRUE(caller.call->body() == expected_body(caller.request));
        ASSERT_EQ(caller.call->trailers().size(), caller.request.trailer.empty() ? 0u : 1u);
      } else {
        ++failed_;
      }
      caller.call.reset();
    };
    const auto look = [&] {
      bool busy = false;
      for (Caller& caller : callers) {
        settle(caller);
        if (caller.call == nullptr && calls > 0) {
          --calls;
          caller.request = random_request();
          caller.call = std::make_unique<ClientCall>(loop_, pool_, caller.request);
          if (loop_.random().chance(0.1)) caller.call->read_slowly(3ms);
        }
        busy = busy || caller.call != nullptr;
      }
      return !busy || HasFatalFailure();
    };
    ASSERT_TRUE(loop_.run_until(look));
  }

  static constexpr uint64_t kByH2 = 1000;  // seeds
  static transport::ClientLimits limits() {
    transport::ClientLimits limits;
    if (GetParam() >= kByH2) limits.protocol = transport::ClientProtocol::h2;
    return limits;
  }

  transport::ClientPool pool_{loop_, limits()};
  int succeeded_ = 0;
  int failed_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Seeds, EndToEnd, testing::Range(uint64_t{1}, uint64_t{13}));
INSTANTIATE_TEST_SUITE_P(ByH2, EndToEnd, testing::Range(uint64_t{1001}, uint64_t{1013}));

TEST_P(EndToEnd, EveryCallGetsItsOwnAnswer) {
  run_calls(150);
  EXPECT_EQ(succeeded_, 150);
  EXPECT_LE(pool_.stats().opened, 8u);
  EXPECT_EQ(application_.open(), 0u);
  EXPECT_EQ(application_.gone, 0);
  EXPECT_EQ(server_->stats().refused, 0u);
}

TEST_P(EndToEnd, BreakingConnectionsNeverMakeAWrongAnswer) {
  Prng& random = loop_.random();
  for (int i = 0; i < 20 && !HasFatalFailure(); ++i) {
    Weather weather;
    if (random.chance(0.5)) weather.reset_after_sent = random.below(50'000);
    if (random.chance(0.5)) weather.reset_after_received = random.below(200'000);
    loop_.set_weather(kServerAddress, weather);
    pool_.set_addresses({});  // ends the connections of better times
    pool_.set_addresses({kServerAddress});
    run_calls(10);
  }
  EXPECT_GT(failed_, 0);
  EXPECT_GT(succeeded_, 0);
  loop_.run_until_idle();
  EXPECT_EQ(application_.open(), 0u);
  EXPECT_EQ(server_->connections(), pool_.connections());
}

TEST_P(EndToEnd, DrainingServerFinishesWhatItHasBegun) {
  bool drained = false;
  net::Timer drain(loop_.timers(), [&] {
    server_->drain();
    drained = true;
  });
  drain.arm_after(Duration(loop_.random().below(20'000'000)));
  run_calls(60);
  loop_.run_until([&] { return drained; });
  loop_.run_until_idle();
  EXPECT_EQ(application_.gone, 0) << "nobody's answer was cut off";
  EXPECT_EQ(application_.open(), 0u);
  loop_.run_for(3s);
  EXPECT_EQ(server_->connections(), 0u);
}

}  // namespace
}  // namespace warmgate::test
