// Bodies before slots: a request is sent when its body is here.
#include "gateway_fixture.h"
#include "http/grpc.h"
#include "support/h2_peer.h"

namespace warmgate::test {
namespace {

using testing::HasSubstr;

class Gathering : public GatewayScenario {
 protected:
  static ServiceText always_on_alone(const std::string& more = "") {
    ServiceText text;
    text.serverless = "";
    text.more = more;
    return text;
  }
  static std::string head_of(const std::string& more) {
    return "POST /infer HTTP/1.1\r\nhost: h\r\n" + more + "\r\n";
  }
  // A client that has sent its head and the first byte of its body.
  std::unique_ptr<Client> drip(const std::string& more = "content-length: 100\r\n") {
    auto client = ask(head_of(more) + "x");
    loop_.run_for(5ms);
    return client;
  }
  std::string line_of_log() const { return access_log_.substr(0, access_log_.find('\n')); }
};

TEST_P(Gathering, many_slow_bodies_keep_nobody_out) {
  start(always_on_alone("    queue: {max_requests: 1}\n"));
  std::vector<std::unique_ptr<Client>> drippers;
  for (int i = 0; i < 50; ++i) drippers.push_back(drip());
  EXPECT_EQ(status().gathering, 50u);
  EXPECT_EQ(status().gathering_bytes, 5'000u);
  EXPECT_EQ(status().queued, 0u);
  EXPECT_EQ(always_on_->calls.size(), 0u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answer_to(post("/other", "small")).status, 200);
  EXPECT_EQ(always_on_->calls.size(), 10u);
  drippers[7]->send(std::string(99, 'y'));
  ASSERT_TRUE(await(*drippers[7]));
  EXPECT_EQ(drippers[7]->first().status, 200);
  EXPECT_EQ(always_on_->last().body, "x" + std::string(99, 'y'));
  EXPECT_EQ(status().gathering, 49u);
}

TEST_P(Gathering, the_clients_time_is_no_wait_and_is_logged_by_itself) {
  start(always_on_alone());
  const auto client = drip();
  loop_.run_for(2s);
  client->send(std::string(99, 'y'));
  ASSERT_TRUE(await(*client));
  EXPECT_THAT(client->first().field("server-timing"), HasSubstr("body;dur=200"));
  EXPECT_THAT(client->first().field("server-timing"), HasSubstr(", queue;dur=0.000, upstream"));
  loop_.run_for(1s);
  EXPECT_THAT(line_of_log(), HasSubstr("\"queuedMs\":0.000,\"bodyMs\":200"));
  EXPECT_EQ(counters().over_slo, 0u) << "the SLO of 500 ms counts from its body";
  EXPECT_EQ(counters().body_time.count(), 1u);
  EXPECT_LT(counters().duration[0].quantile(1), 200ms);
}

TEST_P(Gathering, a_chunked_body_is_gathered_to_its_last_chunk) {
  start(always_on_alone());
  const auto client = ask(head_of("transfer-encoding: chunked\r\n") + "5\r\nhello\r\n");
  loop_.run_for(5ms);
  EXPECT_EQ(status().gathering, 1u);
  EXPECT_EQ(status().gathering_bytes, 1u << 20) << "as much as may come";
  EXPECT_EQ(always_on_->calls.size(), 0u);
  client->send("0\r\nchecksum: 7\r\n\r\n");
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(always_on_->last().body, "hello");
  EXPECT_EQ(always_on_->last().trailers, (FieldTexts{{"checksum", "7"}}));
}

TEST_P(Gathering, a_body_beyond_the_replay_buffer_streams_from_then_on) {
  start(always_on_alone("    limits: {replay_buffer: 64KiB}\n    heavy: {bytes: 1GiB}\n"));
  const std::string body = pattern(200'000);
  const auto client = ask(head_of("content-length: 200000\r\n") + body.substr(0, 60'000));
  loop_.run_for(50ms);
  EXPECT_EQ(status().gathering_bytes, 65'536u);
  EXPECT_EQ(always_on_->calls.size(), 0u);
  client->send(body.substr(60'000, 60'000));
  loop_.run_for(50ms);
  EXPECT_EQ(status().gathering, 0u);
  ASSERT_EQ(always_on_->calls.size(), 1u);
  EXPECT_GE(always_on_->last().body.size(), 65'536u);
  EXPECT_FALSE(always_on_->last().complete);
  client->send(body.substr(120'000));
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(always_on_->last().body, body);
}

TEST_P(Gathering, where_it_is_switched_off_a_request_is_sent_with_its_head) {
  start(always_on_alone("    routes: [{path: /infer, gather_body: false}]\n"));
  const auto client = drip();
  EXPECT_EQ(status().gathering, 0u);
  ASSERT_EQ(always_on_->calls.size(), 1u);
  EXPECT_EQ(always_on_->last().body, "x");
  client->send(std::string(99, 'y'));
  ASSERT_TRUE(await(*client));
}

TEST_P(Gathering, permission_to_send_does_not_hold_a_slot) {
  start(always_on_alone());
  std::vector<std::unique_ptr<Client>> drippers;
  for (int i = 0; i < 5; ++i) {
    drippers.push_back(ask(head_of("expect: 100-continue\r\ncontent-length: 5\r\n")));
    loop_.run_for(5ms);
    EXPECT_EQ(drippers.back()->statuses(), "100");
  }
  EXPECT_EQ(status().gathering, 5u);
  EXPECT_EQ(answer_to().status, 200);
  drippers[0]->send("hello");
  ASSERT_TRUE(await(*drippers[0]));
  EXPECT_EQ(drippers[0]->statuses(), "100 200");
}

TEST_P(Gathering, a_client_that_leaves_meanwhile_leaves_nothing) {
  start(always_on_alone());
  const auto closes = drip(), resets = drip();
  closes->peer().close();
  resets->peer().reset();
  loop_.run_for(10ms);
  EXPECT_EQ(service().in_flight(), 0u);
  EXPECT_EQ(status().gathering, 0u);
  EXPECT_EQ(counters().client_gone, 2u);
  EXPECT_EQ(always_on_->calls.size(), 0u);
}

TEST_P(Gathering, a_drain_ends_it_as_it_ends_waits) {
  start(always_on_alone());
  const auto client = drip();
  gateway_->drain();
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->first().status, 503);
  EXPECT_EQ(client->first().field("warmgate-reason"), "draining");
}

TEST_P(Gathering, the_limit_on_the_whole_request_ends_it_with_408) {
  start(always_on_alone("    timeouts: {total: 3s}\n"));
  const auto client = drip();
  ASSERT_TRUE(await(*client, 1, 4s));
  EXPECT_EQ(client->first().status, 408);
  EXPECT_EQ(client->first().field("warmgate-reason"), "total-timeout");
  EXPECT_EQ(status().gathering, 0u);
}

TEST_P(Gathering, the_clients_own_limit_ends_it_with_408) {
  start(always_on_alone());
  const auto client = drip("content-length: 100\r\nwarmgate-timeout: 2s\r\n");
  ASSERT_TRUE(await(*client, 1, 3s));
  EXPECT_EQ(client->first().status, 408);
  EXPECT_EQ(client->first().field("warmgate-reason"), "slow-body");
  EXPECT_THAT(client->first().body, HasSubstr("\"waited_ms\":0"));
}

TEST_P(Gathering, where_the_room_is_taken_the_oldest_yields) {
  start(always_on_alone("    queue: {max_gathering: 2}\n"));
  const auto first = drip(), second = drip(), third = drip();
  ASSERT_TRUE(await(*first));
  EXPECT_EQ(first->first().status, 408);
  EXPECT_EQ(first->first().field("warmgate-reason"), "slow-body");
  EXPECT_EQ(status().gathering, 2u);
  third->send(std::string(99, 'y'));
  ASSERT_TRUE(await(*third));
  EXPECT_EQ(third->first().status, 200);
}

TEST_P(Gathering, a_body_too_large_is_told_while_it_is_gathered) {
  start(always_on_alone("    limits: {max_body: 10KiB}\n"));
  const auto client =
      ask(head_of("transfer-encoding: chunked\r\n") + chunked(pattern(11'000), 5'000));
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->first().status, 413);
  EXPECT_EQ(always_on_->calls.size(), 0u);
  EXPECT_EQ(service().in_flight(), 0u);
}

TEST_P(Gathering, the_upload_hides_the_cold_start) {
  start();
  teach_always_on();
  fill_always_on();
  const auto client = drip();
  loop_.run_for(4s);
  EXPECT_EQ(status().cold_start.hidden, 1u);
  client->send(std::string(99, 'y'));
  ASSERT_TRUE(await(*client));
  EXPECT_EQ(client->first().field("warmgate-pool"), "serverless");
  EXPECT_THAT(client->first().field("server-timing"), HasSubstr("queue;dur=0.000"));
  free_always_on();
}

TEST_P(Gathering, bodies_of_http2_clients_are_gathered_by_stream) {
  start(always_on_alone());
  H2Peer slow(loop_, kGateway);
  std::vector<int32_t> drips;
  for (int i = 0; i < 20; ++i) {
    drips.push_back(slow.request({.method = "POST", .path = "/infer", .body = "x", .ends = false}));
  }
  loop_.run_for(20ms);
  EXPECT_EQ(status().gathering, 20u);
  EXPECT_EQ(always_on_->calls.size(), 0u);
  const int32_t whole = slow.request({.method = "POST", .path = "/infer", .body = "whole"});
  loop_.run_for(50ms);
  EXPECT_EQ(slow.response(whole).status, 200);
  slow.send_body(drips[3], "y", true);
  loop_.run_for(50ms);
  EXPECT_EQ(slow.response(drips[3]).status, 200);
  EXPECT_EQ(always_on_->last().body, "xy");
  EXPECT_EQ(status().gathering, 19u);
}

TEST_P(Gathering, of_grpc_the_first_message_is_enough) {
  if (!by_h2()) GTEST_SKIP() << "gRPC needs backends that speak HTTP/2";
  start(always_on_alone());
  H2Peer client(loop_, kGateway);
  const std::string message = http::grpc_message("question");
  const int32_t stream =
      client.request({.method = "POST",
                      .path = "/digits.Model/Infer",
                      .fields = {{"content-type", "application/grpc"}, {"te", "trailers"}},
                      .body = message.substr(0, 7),
                      .ends = false});
  loop_.run_for(20ms);
  EXPECT_EQ(status().gathering, 1u);
  EXPECT_EQ(always_on_->calls.size(), 0u);
  client.send_body(stream, message.substr(7), false);
  loop_.run_for(20ms);
  EXPECT_EQ(status().gathering, 0u);
  ASSERT_EQ(always_on_->calls.size(), 1u) << "it may go on for as long as it likes";
  EXPECT_EQ(always_on_->last().body, message);
  EXPECT_FALSE(always_on_->last().complete);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Gathering, seeds());
INSTANTIATE_TEST_SUITE_P(ByH2, Gathering, seeds_by_h2());

}  // namespace
}  // namespace warmgate::test
