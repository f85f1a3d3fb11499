#include "gateway_fixture.h"

#include <algorithm>

#include "config/loader.h"
#include "recording/replay.h"

namespace warmgate::test {

size_t Client::complete() const {
  size_t count = 0;
  for (const ResponseText& response : responses()) {
    count += response.complete && response.status >= 200;
  }
  return count;
}

ResponseText Client::first() const {
  for (const ResponseText& response : responses()) {
    if (response.status >= 200) return response;
  }
  return {};
}

void GatewayScenario::TearDown() {
  if (gateway_ == nullptr) return;
  for (const auto& service : gateway_->services()) {
    const auto recording = recording::read_recording(service->dispatcher().recording());
    ASSERT_TRUE(recording.ok()) << recording.error().message;
    EXPECT_EQ(recording->segments.front().first_step + recording->steps,
              service->dispatcher().recorder()->steps() + 1);
    const auto replayed = recording::replay(*recording);
    ASSERT_TRUE(replayed.ok()) << replayed.error().message;
    EXPECT_FALSE(replayed->divergence.has_value());
  }
}

void GatewayScenario::start_backends(const PlatformSettings& platform) {
  always_on_ = std::make_unique<ScriptedBackend>(loop_, kAlwaysOn);
  serverless_ = std::make_unique<ServerlessFake>(loop_, kServerless, platform);
}

void GatewayScenario::start(const ServiceText& text, const PlatformSettings& platform) {
  if (always_on_ == nullptr) start_backends(platform);
  std::string yaml = "listen: \"10.0.0.1:80\"\nadmin: off\n" + text.global;
  yaml += "services:\n  - name: digits\n    slo: " + text.slo + "\n";
  const std::string open = by_h2() ? "{protocol: h2, " : "{";
  const auto pool = [&open](const std::string& name, const std::string& its) {
    return its.empty() ? "" : "    " + name + ": " + open + its.substr(1) + "\n";
  };
  yaml += pool("always_on", text.always_on) + pool("serverless", text.serverless);
  start_yaml(yaml + text.more);
}

void GatewayScenario::start_yaml(const std::string& yaml) {
  config::Loaded loaded = config::load_text(yaml, "test.yaml");
  ASSERT_EQ(loaded.error_text(), "");
  config_ = std::move(loaded.config);
  gateway_ = std::make_unique<gateway::Gateway>(
      std::vector(workers(), gateway::Site{loop_, resolver_}), *config_,
      [this](std::string_view lines) { access_log_ += lines; }, GetParam());
  gateway_->start([](gateway::Gateway::StartFailure failure, const std::string& problem) {
    EXPECT_EQ(failure, gateway::Gateway::StartFailure::none) << problem;
  });
  loop_.run_for(10ms);  // names are looked up, the first health probe is answered
  ASSERT_TRUE(gateway_->started());
}

gateway::ServiceCounters GatewayScenario::counters() const {
  gateway::ServiceCounters sum;
  gateway_->visit_workers(
      [&](gateway::Worker& worker) { sum.merge(worker.services().front()->counters()); });
  return sum;
}

uint64_t GatewayScenario::connections_accepted() const {
  uint64_t sum = 0;
  gateway_->visit_workers(
      [&](gateway::Worker& worker) { sum += worker.server().stats().connections; });
  return sum;
}

size_t GatewayScenario::in_flight() const {
  size_t sum = 0;
  gateway_->visit_workers(
      [&](gateway::Worker& worker) { sum += worker.services().front()->in_flight(); });
  return sum;
}

std::unique_ptr<Client> GatewayScenario::ask(const std::string& request) {
  auto client = std::make_unique<Client>(loop_);
  client->send(request);
  return client;
}

bool GatewayScenario::await(const Client& client, size_t responses, Duration limit) {
  return loop_.run_until([&] { return client.complete() >= responses; }, limit);
}

ResponseText GatewayScenario::answer_to(const std::string& request, Duration limit) {
  const auto client = ask(request);
  EXPECT_TRUE(await(*client, 1, limit)) << client->peer().received();
  return client->first();
}

void GatewayScenario::fill_always_on(size_t slots) {
  always_on_->on_call = [](Call&) {};
  const size_t open = always_on_->open_calls();
  for (size_t i = 0; i < slots; ++i) fillers_.push_back(ask(get("/filler")));
  ASSERT_TRUE(loop_.run_until([&] { return always_on_->open_calls() == open + slots; }, 1s));
}

void GatewayScenario::free_always_on() {
  always_on_->on_call = nullptr;
  for (const auto& call : always_on_->calls) call->answer(200, "pong");
  loop_.run_for(5ms);
}

void GatewayScenario::teach_always_on(int requests) {
  for (int i = 0; i < requests; ++i) EXPECT_EQ(answer_to().status, 200);
}

void GatewayScenario::warm_up() {
  fill_always_on();
  const auto waiting = ask();
  loop_.run_for(20ms);
  waiting->peer().close();  // it has caused the wake: its part is done
  loop_.run_for(20ms);
  free_always_on();
  ASSERT_TRUE(
      loop_.run_until([&] { return status().serverless.state == policy::PoolState::warm; }, 30s));
}

void GatewayScenario::keep_busy(Duration time, Duration gap) {
  const Instant end = loop_.now() + time;
  while (loop_.now() < end) {
    fillers_.push_back(ask());
    loop_.run_for(gap);
    std::erase_if(fillers_, [](const auto& client) { return client->complete() > 0; });
  }
}

}  // namespace warmgate::test
