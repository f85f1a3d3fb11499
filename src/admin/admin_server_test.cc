// The endpoints of a whole gateway, over a network in memory.
#include "admin/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "admin/exposition_check.h"
#include "support/memory_network.h"
#include "support/memory_resolver.h"
#include "support/raw_peer.h"

namespace warmgate::admin {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const net::Address kAdmin = *net::Address::parse("127.0.0.1:9901");

config::Config sample_config() {
  config::Config config;
  config.listen = {{"127.0.0.1", 8080}};
  config::Service service;
  service.name = "digits";
  service.always_on = {{"http://vm.example:80", config::Scheme::http, "vm.example", 80, "", "vm"}};
  service.serverless = {{"http://192.0.2.9", config::Scheme::http, "192.0.2.9", 80, "", "run"}};
  config.services = {service};
  return config;
}

class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest() {
    resolver_.set("vm.example", {"192.0.2.1"});
    gateway_ = std::make_unique<gateway::Gateway>(std::vector<gateway::Site>{{loop_, resolver_}},
                                                  config_, nullptr, 1);
    admin_ = std::make_unique<AdminServer>(loop_, *gateway_);
    EXPECT_TRUE(admin_->listen(kAdmin));
  }

  void start() {
    gateway_->start([](gateway::Gateway::StartFailure, const std::string&) {});
    loop_.run_for(100ms);
  }

  std::string ask(const std::string& request_line, const std::string& body = {}) {
    test::RawPeer peer(loop_, kAdmin);
    peer.send(request_line + " HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n" +
              (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
              "\r\n" + body);
    EXPECT_TRUE(loop_.run_until([&peer] { return peer.over(); }, 1s));
    return peer.received();
  }
  std::string body(const std::string& path) {
    const std::string answer = ask("GET " + path);
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }

  test::MemoryLoop loop_{1};
  test::MemoryResolver resolver_{loop_};
  config::Config config_ = sample_config();
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<AdminServer> admin_;
};

TEST_F(AdminServerTest, LivesBeforeItIsReady) {
  EXPECT_THAT(ask("GET /healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("GET /readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(Json::parse(body("/readyz"))["reason"], "starting");
  start();
  EXPECT_THAT(ask("GET /readyz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(Json::parse(body("/readyz"))["ready"], true);
}

TEST_F(AdminServerTest, IsNotReadyWhileDraining) {
  start();
  gateway_->drain();
  EXPECT_THAT(ask("GET /readyz"), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(Json::parse(body("/readyz"))["reason"], "draining");
  EXPECT_THAT(ask("GET /healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(Json::parse(body("/status"))["draining"], true);
}

TEST_F(AdminServerTest, GivesStatusOfAGatewayThatHasSeenNothing) {
  start();
  const Json status = Json::parse(body("/status"));
  const Json& service = status["services"][0];
  EXPECT_EQ(service["name"], "digits");
  EXPECT_EQ(service["pools"]["serverless"]["state"], "unknown");
  const Json& backend = service["pools"]["always_on"]["backends"][0];
  EXPECT_EQ(backend["url"], "http://vm.example:80");
  EXPECT_EQ(backend["addresses"], Json({"192.0.2.1:80"}));
}

TEST_F(AdminServerTest, GivesMetrics) {
  start();
  const std::string answer = ask("GET /metrics?x=y");
  EXPECT_THAT(answer, HasSubstr("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  const ExpositionCheck check(body("/metrics"));
  EXPECT_THAT(check.problems(), IsEmpty());
  EXPECT_EQ(check.value("warmgate_ready"), 1);
  EXPECT_EQ(check.value(R"(warmgate_slo_seconds{service="digits"})"), 0.5);
}

TEST_F(AdminServerTest, CountsWhatNoServiceMatchedAndWhatWasMalformed) {
  start();
  test::RawPeer peer(loop_, *net::Address::parse("127.0.0.1:8080"));
  peer.send("GET / HTTP/1.1\nHost: x\r\n\r\n");
  EXPECT_TRUE(loop_.run_until([&peer] { return peer.over(); }, 10s));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(Json::parse(body("/status"))["requests_malformed"], 1);
}

TEST_F(AdminServerTest, GivesAServicesRecording) {
  start();
  EXPECT_THAT(ask("GET /recordings/digits"),
              HasSubstr("content-type: application/octet-stream\r\n"));
  const auto recording = recording::read_recording(body("/recordings/digits"));
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  EXPECT_EQ(recording->service, "digits");
  EXPECT_GE(recording->steps, 1u);
  EXPECT_THAT(ask("GET /recordings/other"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(body("/recordings/other"), HasSubstr("there are: digits"));
}

TEST_F(AdminServerTest, ServesAPageThatNeedsNothingElse) {
  const std::string answer = ask("GET /");
  EXPECT_THAT(answer, HasSubstr("content-type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("fetch(\"status\""));
  EXPECT_THAT(answer, HasSubstr("</html>"));
  EXPECT_THAT(answer, testing::Not(HasSubstr("src=")));
}

TEST_F(AdminServerTest, AnswersHeadWithoutABody) {
  const std::string answer = ask("HEAD /healthz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Content-Length: "));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(AdminServerTest, RefusesUnknownPathsAndMethods) {
  EXPECT_THAT(ask("GET /metricz"), StartsWith("HTTP/1.1 404 "));
  const std::string answer = ask("POST /status", "reload=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer, HasSubstr("allow: GET, HEAD\r\n"));
}

}  // namespace
}  // namespace warmgate::admin
