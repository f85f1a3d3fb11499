// Routing, drain, connections, the economy of asking a sleeping pool, and the check of the models.
#include "gateway_fixture.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;

constexpr std::string_view kModel =
    R"({"name":"digits","versions":["1"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,64]}]})";
constexpr std::string_view kOtherModel =
    R"({"name":"digits","versions":["2"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,64]}]})";

class Life : public GatewayScenario {
 protected:
  static ServiceText checking_models() {
    ServiceText text;
    text.more = "    model: {name: digits}\n";
    return text;
  }
  gateway::ModelCheck::State model_state() { return service().model_check().state(); }
};

// ---- economy ----

TEST_P(Life, an_idle_serverless_pool_is_never_asked) {
  start(checking_models());
  teach_always_on();
  loop_.run_for(5h);
  EXPECT_EQ(serverless_->requests(), 0u);
  EXPECT_EQ(serverless_->backend.metadata_requests, 0u);
  for (int i = 0; i < 100; ++i) {  // a trickle that the always-on pool answers alone
    loop_.run_for(30s);
    EXPECT_EQ(answer_to().field("warmgate-pool"), "always-on");
  }
  EXPECT_EQ(serverless_->requests(), 0u);
  EXPECT_EQ(serverless_->backend.metadata_requests, 0u);
}

TEST_P(Life, cold_wake_take_over_sleep_and_again) {
  start();
  teach_always_on();
  for (int round = 1; round <= 2; ++round) {
    keep_busy(8s);
    EXPECT_GE(serverless_->starts, uint64_t(round));
    EXPECT_GE(serverless_->inferences(), 100u * round);
    loop_.run_for(1h);
    EXPECT_EQ(serverless_->instances(), 0u);
    EXPECT_EQ(status().serverless.state, policy::PoolState::cold);
  }
  const auto& classes = counters().responses;
  EXPECT_EQ(classes[0][2] + classes[1][2] + classes[2][2], classes[0][2] + classes[1][2])
      << "the gateway itself never answers 2xx";
  EXPECT_EQ(classes[2][4] + classes[2][5] + classes[0][5] + classes[1][5], 0u);
}

TEST_P(Life, keep_warm_pings_where_the_configuration_asks_for_it) {
  ServiceText text;
  text.serverless =
      "{backends: [http://10.0.2.1:8080], concurrency: 4, max_instances: 5, "
      "expected_cold_start: 3s, keep_warm: true}";
  start(text);
  loop_.run_for(10h);
  EXPECT_LE(serverless_->starts, 2u) << "it stays warm";
  EXPECT_GE(serverless_->instances(), 1u);
  EXPECT_EQ(status().serverless.state, policy::PoolState::warm);
  EXPECT_LE(serverless_->requests(), 200u);
}

TEST_P(Life, an_idle_instance_that_is_paid_is_asked_to_end) {
  ServiceText text;
  text.serverless =
      "{backends: [http://10.0.2.1:8080], concurrency: 4, max_instances: 5, "
      "expected_cold_start: 3s, billing: instance, release_path: /release, "
      "schedules: [{start: '0 8 * * *', end: '0 9 * * *'}]}";
  start(text);
  const auto second_of_day = [this] { return static_cast<int64_t>(loop_.wall_seconds()) % 86'400; };
  while (second_of_day() != 8 * 3'600 + 1'800) loop_.run_for(1s);
  EXPECT_EQ(serverless_->instances(), 1u) << "the window asked for one";
  EXPECT_EQ(serverless_->releases, 0u);
  loop_.run_for(31min);
  EXPECT_EQ(serverless_->releases, 1u);
  EXPECT_EQ(serverless_->instances(), 0u);
  EXPECT_EQ(status().serverless.state, policy::PoolState::cold);
}

TEST_P(Life, a_schedule_wakes_ahead_of_its_window_and_keeps_warm_until_its_end) {
  ServiceText text;
  text.serverless =
      "{backends: [http://10.0.2.1:8080], concurrency: 4, max_instances: 5, "
      "expected_cold_start: 3s, schedules: [{start: '0 8 * * *', end: '0 18 * * *'}]}";
  start(text);
  constexpr int64_t kDay = 86'400;
  const auto second_of_day = [this] { return static_cast<int64_t>(loop_.wall_seconds()) % kDay; };
  while (second_of_day() != 7 * 3'600) loop_.run_for(1s);
  const uint64_t starts = serverless_->starts;
  loop_.run_for(59min);
  EXPECT_EQ(serverless_->starts, starts) << "it sleeps";
  loop_.run_for(1min);
  EXPECT_EQ(serverless_->starts, starts + 1);
  EXPECT_EQ(status().serverless.state, policy::PoolState::warm) << "at 8:00 it is ready";
  loop_.run_for(10h);
  EXPECT_EQ(status().serverless.state, policy::PoolState::warm) << "at 18:00 it still is";
  EXPECT_LE(serverless_->starts, starts + 3);
  loop_.run_for(1h);
  EXPECT_EQ(serverless_->instances(), 0u);
  EXPECT_EQ(status().scheduled_instances, 0u);
}

TEST_P(Life, a_spent_budget_lets_the_pool_sleep_until_the_hour_has_moved_on) {
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view, std::string_view message) {
    if (message.find("budget") != std::string_view::npos) lines.emplace_back(message);
  });
  ServiceText text;
  text.more = "    budget: {hour_usd: 0.0001, when_spent: stop_waking}\n";
  start(text);
  teach_always_on();
  keep_busy(8s);
  const uint64_t starts = serverless_->starts;
  EXPECT_GE(starts, 1u);
  EXPECT_TRUE(status().spending.over);
  loop_.run_for(30min);
  keep_busy(8s);
  EXPECT_EQ(serverless_->starts, starts) << "it is let alone";
  loop_.run_for(61min);
  keep_busy(8s);
  EXPECT_GT(serverless_->starts, starts);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr("budget of an hour is spent"));
  EXPECT_THAT(lines[1], HasSubstr("no longer exceeded"));
  set_log_sink(nullptr);
}

// ---- the same model? ----

TEST_P(Life, the_models_are_compared_when_both_pools_have_answered_anyway) {
  start_backends();
  always_on_->metadata = kModel;
  serverless_->backend.metadata = kModel;
  start(checking_models());
  teach_always_on();
  EXPECT_EQ(model_state(), gateway::ModelCheck::State::pending);
  EXPECT_EQ(serverless_->backend.metadata_requests, 0u);
  warm_up();
  loop_.run_for(100ms);
  EXPECT_EQ(model_state(), gateway::ModelCheck::State::same);
  EXPECT_EQ(serverless_->backend.metadata_requests, 1u);
}

TEST_P(Life, different_models_are_told_apart) {
  start_backends();
  always_on_->metadata = kModel;
  serverless_->backend.metadata = kOtherModel;
  start(checking_models());
  teach_always_on();
  warm_up();
  loop_.run_for(100ms);
  EXPECT_EQ(model_state(), gateway::ModelCheck::State::different);
  ASSERT_EQ(service().model_check().differences().size(), 1u);
  EXPECT_THAT(service().model_check().differences()[0], HasSubstr("versions"));
}

TEST_P(Life, without_metadata_there_is_nothing_to_compare) {
  start(checking_models());
  teach_always_on();
  loop_.run_for(1min);
  EXPECT_EQ(model_state(), gateway::ModelCheck::State::unavailable);
}

// ---- drain ----

TEST_P(Life, drain_ends_who_waits_and_lets_finish_what_runs) {
  start();
  fill_always_on();
  const auto waiting = ask();
  const auto idle = std::make_unique<Client>(loop_);
  loop_.run_for(10ms);
  gateway_->drain();
  loop_.run_for(10ms);
  EXPECT_EQ(waiting->first().status, 503);
  EXPECT_EQ(waiting->first().field("warmgate-reason"), "draining");
  EXPECT_NE(waiting->first().field("retry-after"), "");
  EXPECT_TRUE(idle->peer().over());
  EXPECT_FALSE(gateway_->drained());
  const auto late = ask();
  loop_.run_for(10ms);
  EXPECT_NE(late->peer().connect_error(), 0);
  for (const auto& call : always_on_->calls) call->answer(200, "pong");
  loop_.run_for(5s);
  for (const auto& filler : fillers_) {
    EXPECT_EQ(filler->first().status, 200);
    EXPECT_FALSE(filler->first().keep_alive);
  }
  EXPECT_TRUE(gateway_->drained());
}

// ---- several services ----

TEST_P(Life, services_are_routed_by_host_path_and_header) {
  start_backends();
  ScriptedBackend second(loop_, *net::Address::from_ip("10.0.1.2", 8080));
  ScriptedBackend third(loop_, *net::Address::from_ip("10.0.1.3", 8080));
  start_yaml(R"(
listen: "10.0.0.1:80"
admin: off
services:
  - {name: one, match: {hosts: [one.example]}, always_on: {backends: http://10.0.1.1:8080}}
  - {name: two, match: {paths: [/two]}, always_on: {backends: http://10.0.1.2:8080}}
  - name: three
    match: {paths: [/two], headers: {x-tier: gold}}
    always_on: {backends: http://10.0.1.3:8080}
)");
  EXPECT_EQ(answer_to("GET /x HTTP/1.1\r\nhost: one.example:80\r\n\r\n").status, 200);
  EXPECT_EQ(answer_to(get("/two/a")).status, 200);
  EXPECT_EQ(answer_to(get("/two/a", "x-tier: gold\r\n")).status, 200);
  EXPECT_EQ(answer_to(get("/x")).status, 404);
  EXPECT_EQ(always_on_->calls.size(), 1u);
  EXPECT_EQ(second.calls.size(), 1u);
  EXPECT_EQ(third.calls.size(), 1u);
}

TEST_P(Life, a_backends_name_is_looked_up_before_the_start) {
  start_backends();
  resolver_.set("model.internal", {"10.0.1.1"});
  start_yaml(
      "listen: \"10.0.0.1:80\"\nadmin: off\nservices:\n  - name: a\n"
      "    always_on: {backends: http://model.internal:8080}\n");
  EXPECT_EQ(answer_to().status, 200);
  EXPECT_EQ(always_on_->last().host, "model.internal:8080");
}

// ---- connections ----

TEST_P(Life, connections_are_kept_on_both_sides) {
  start();
  Client client(loop_);
  for (size_t i = 1; i <= 20; ++i) {
    client.send(get("/infer"));
    ASSERT_TRUE(await(client, i, 1s));
    loop_.run_for(1s);
  }
  EXPECT_EQ(connections_accepted(), 1u);
  loop_.run_for(70s);
  EXPECT_FALSE(client.peer().over());
  loop_.run_for(10s);
  EXPECT_TRUE(client.peer().over()) << "75 s without a request";
}

TEST_P(Life, pipelined_requests_are_answered_in_order) {
  start();
  std::string all;
  for (int i = 0; i < 10; ++i) all += post("/n" + std::to_string(i), pattern(1000));
  always_on_->on_call = [](Call& call) { call.answer_after(1ms, 200, call.target); };
  const auto client = ask(all);
  ASSERT_TRUE(await(*client, 10, 10s));
  const auto responses = client->responses();
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(responses[i].body, "/n" + std::to_string(i));
}

TEST_P(Life, malformed_requests_reach_no_backend) {
  start();
  for (const std::string& bad :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/1.1\nhost: h\n\n"),
        get("/x", "a : b\r\n"), post("/x", "hello", "transfer-encoding: chunked\r\n"),
        get("/x", "content-length: 1\r\ncontent-length: 2\r\n"), get("/x", "a: b\r\n c\r\n")}) {
    const auto client = ask(bad);
    ASSERT_TRUE(loop_.run_until([&] { return client->complete() > 0; }, 15s)) << bad;
    EXPECT_EQ(client->first().status, 400) << bad;
  }
  EXPECT_EQ(always_on_->calls.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Life, seeds());
INSTANTIATE_TEST_SUITE_P(Shared, Life, seeds_shared());
INSTANTIATE_TEST_SUITE_P(ByH2, Life, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
