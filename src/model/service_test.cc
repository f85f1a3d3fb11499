#include "model/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/fake_engine.h"
#include "model/manual_host.h"

namespace warmgate::model {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr std::string_view kInfer = "/v2/models/sums/infer";
constexpr std::string_view kBody =
    R"({"inputs":[{"name":"rows","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6]}]})";

class ModelServiceTest : public testing::Test {
 protected:
  ~ModelServiceTest() override { gate_.open(); }

  void start(size_t workers = 1, size_t max_queue = 1, bool engine_works = true) {
    ServiceOptions options;
    options.model_name = "sums";
    options.instance_id = "unit";
    options.server_version = "9";
    options.started = host_.now() - 5s;
    options.max_queue = max_queue;
    options.max_queue_bytes = 1000;
    options.max_held_pings = 2;
    options.on_release = on_release_;
    service_ =
        std::make_unique<ModelService>(host_, options, fake_engines(workers, &gate_, engine_works));
  }
  void start_ready(size_t workers = 1, size_t max_queue = 1) {
    start(workers, max_queue);
    for (size_t i = 0; i < workers; ++i) host_.run_one();
    gate_.await_arrivals(static_cast<int>(workers));
  }

  // Asks; a late answer arrives in later_.
  std::variant<Response, ModelService::Ticket> ask(std::string_view method, std::string_view target,
                                                   std::string_view body = "",
                                                   std::string_view hold = "") {
    Request request{
        std::string(method), std::string(target), std::string(body), std::string(hold), "", false};
    return service_->handle(std::move(request),
                            [this](Response response) { later_.push_back(std::move(response)); });
  }
  Response now(std::string_view method, std::string_view target, std::string_view body = "",
               std::string_view hold = "") {
    auto handled = ask(method, target, body, hold);
    if (auto* response = std::get_if<Response>(&handled)) return *response;
    ADD_FAILURE() << target << " was not answered at once";
    return {};
  }
  ModelService::Ticket later(std::string_view method, std::string_view target,
                             std::string_view body = "", std::string_view hold = "") {
    auto handled = ask(method, target, body, hold);
    if (auto* ticket = std::get_if<ModelService::Ticket>(&handled)) return *ticket;
    ADD_FAILURE() << target << " was answered at once: " << std::get<Response>(handled).body;
    return 0;
  }
  static std::string field(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.fields) {
      if (key == name) return value;
    }
    return "";
  }

  std::function<void()> on_release_;
  Gate gate_;  // each inference passes it
  ManualHost host_;
  std::vector<Response> later_;
  std::unique_ptr<ModelService> service_;
};

TEST_F(ModelServiceTest, EndsWhenTheGatewayAsksForItAndNobodyElseCan) {
  start_ready();
  const auto ask_to_end = [this](std::string method, bool with_field) {
    Request request{std::move(method), "/release", "", "", "", with_field};
    return std::get<Response>(service_->handle(std::move(request), [](const Response&) {}));
  };
  EXPECT_EQ(ask_to_end("POST", true).status, 404) << "off by default";
  int released = 0;
  on_release_ = [&released] { ++released; };
  start_ready();
  EXPECT_EQ(ask_to_end("POST", false).status, 404) << "a client's request";
  EXPECT_EQ(ask_to_end("GET", true).status, 405);
  EXPECT_EQ(ask_to_end("POST", true).status, 200);
  EXPECT_EQ(released, 0) << "the answer goes first";
  EXPECT_EQ(ask_to_end("POST", true).status, 200);
  host_.advance(1ms);
  EXPECT_EQ(released, 1);
}

TEST_F(ModelServiceTest, IsReadyOnlyAfterARealInference) {
  gate_.close();
  start();
  gate_.await_arrivals(1);
  EXPECT_EQ(now("GET", "/v2/health/live").status, 200);
  const Response before = now("GET", "/v2/health/ready");
  EXPECT_EQ(before.status, 503);
  EXPECT_EQ(field(before, "Retry-After"), "1");
  EXPECT_EQ(now("GET", "/v2/models/sums/ready").status, 503);
  gate_.open();
  host_.run_one();
  EXPECT_EQ(now("GET", "/v2/health/ready").body, R"({"ready":true})");
  EXPECT_EQ(now("HEAD", "/v2/models/sums/ready").status, 200);
}

TEST_F(ModelServiceTest, AllEnginesAreProved) {
  start(2);
  host_.run_one();
  EXPECT_EQ(now("GET", "/v2/health/ready").status, 503);
  host_.run_one();
  EXPECT_EQ(now("GET", "/v2/health/ready").status, 200);
}

TEST_F(ModelServiceTest, ABrokenEngineIsNeverReady) {
  start(1, 1, false);
  host_.run_one();
  const Response ready = now("GET", "/v2/health/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("the fake engine does not work"));
  EXPECT_EQ(now("POST", kInfer, kBody).status, 503);
}

TEST_F(ModelServiceTest, RequestsDuringTheWarmUpWaitForIt) {
  gate_.close();
  start();
  later("POST", kInfer, kBody);
  gate_.open();
  host_.run_one();  // proved
  host_.run_one();
  ASSERT_EQ(later_.size(), 1u);
  EXPECT_EQ(later_[0].status, 200);
}

TEST_F(ModelServiceTest, Infers) {
  start_ready();
  later("POST", kInfer, kBody);
  host_.run_one();
  ASSERT_EQ(later_.size(), 1u);
  EXPECT_EQ(later_[0].status, 200);
  EXPECT_EQ(later_[0].content_type, "application/json");
  EXPECT_EQ(json::parse(later_[0].body)["outputs"][0]["data"], json({6, 15}));
}

TEST_F(ModelServiceTest, EveryAnswerSaysWhoGaveIt) {
  start_ready();
  host_.advance(1500ms);
  EXPECT_EQ(field(now("GET", "/v2"), kInstanceHeader), "unit;age=6.500;served=0");
  EXPECT_EQ(field(now("GET", "/nowhere"), kInstanceHeader), "unit;age=6.500;served=0");
  EXPECT_EQ(field(service_->body_too_large(), kInstanceHeader), "unit;age=6.500;served=0");
  later("POST", kInfer, kBody);
  host_.run_one();
  EXPECT_EQ(field(later_.at(0), kInstanceHeader), "unit;age=6.500;served=0");
  later("POST", kInfer, "{}");
  host_.run_one();
  EXPECT_EQ(later_.at(1).status, 400);
  EXPECT_EQ(field(later_.at(1), kInstanceHeader), "unit;age=6.500;served=1");
  EXPECT_EQ(field(now("GET", "/metrics"), kInstanceHeader), "unit;age=6.500;served=1");
}

TEST_F(ModelServiceTest, ErrorsNameWhatWasExpected) {
  start_ready();
  EXPECT_EQ(now("GET", "/nowhere").status, 404);
  EXPECT_THAT(now("GET", "/v2/models/letters").body, HasSubstr(R"(this server has \"sums\")"));
  EXPECT_THAT(now("POST", "/v2/models/sums/versions/2/infer").body, HasSubstr("version"));
  EXPECT_EQ(now("GET", "/v2/models/sums/versions/1").status, 200);
  const Response get = now("GET", kInfer);
  EXPECT_EQ(get.status, 405);
  EXPECT_EQ(field(get, "Allow"), "POST");
  const Response post = now("POST", "/v2");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(field(post, "Allow"), "GET, HEAD");
  auto compressed = service_->handle({"POST", std::string(kInfer), "x", "", "gzip"}, {});
  EXPECT_EQ(std::get<Response>(compressed).status, 415);
}

TEST_F(ModelServiceTest, RefusesWhatExceedsTheQueue) {
  start_ready(1, 1);
  gate_.close();
  later("POST", kInfer, kBody);
  gate_.await_arrivals(2);
  later("POST", kInfer, kBody);
  const Response refused = now("POST", kInfer, kBody);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(field(refused, "Retry-After"), "1");
  EXPECT_THAT(now("GET", "/metrics").body, HasSubstr("warmgate_model_queue_depth 1\n"));
  gate_.open();
  host_.run_one();
  host_.run_one();
  EXPECT_EQ(later_.size(), 2u);
  EXPECT_THAT(now("GET", "/metrics").body, HasSubstr("outcome=\"refused\"} 1\n"));
}

TEST_F(ModelServiceTest, RefusesWhatExceedsTheBytes) {
  start_ready(1, 100);
  EXPECT_EQ(now("POST", kInfer, std::string(1001, ' ')).status, 429);
}

TEST_F(ModelServiceTest, AClientThatLeftIsNotComputedFor) {
  start_ready(1, 1);
  gate_.close();
  const auto running = later("POST", kInfer, kBody);
  gate_.await_arrivals(2);
  const auto waiting = later("POST", kInfer, kBody);
  service_->cancel(waiting);
  service_->cancel(running);
  gate_.open();
  host_.run_one();
  EXPECT_TRUE(later_.empty());
  const std::string metrics = now("GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("outcome=\"abandoned\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("warmgate_model_in_flight 0\n"));
}

TEST_F(ModelServiceTest, HoldsAPingOpenWithoutAWorker) {
  start_ready();
  later("GET", "/v2/health/ready", "", "300ms");
  host_.advance(299ms);
  EXPECT_TRUE(later_.empty());
  EXPECT_EQ(now("GET", "/v2/health/ready").status, 200);
  host_.advance(1ms);
  ASSERT_EQ(later_.size(), 1u);
  EXPECT_EQ(later_[0].status, 200);
}

TEST_F(ModelServiceTest, HeldPingsAreBounded) {
  start_ready();
  const auto first = later("GET", "/v2/health/ready", "", "1h");
  later("GET", "/v2/health/ready", "", "1h");
  EXPECT_EQ(now("GET", "/v2/health/ready", "", "1h").status, 429);
  EXPECT_EQ(now("GET", "/v2/health/ready", "", "300").status, 400);
  service_->cancel(first);
  host_.advance(10s);
  EXPECT_EQ(later_.size(), 1u);
}

TEST_F(ModelServiceTest, DrainFinishesWhatWasAcceptedAndRefusesTheRest) {
  start_ready(1, 1);
  gate_.close();
  later("POST", kInfer, kBody);
  gate_.await_arrivals(2);
  later("POST", kInfer, kBody);
  later("GET", "/v2/health/ready", "", "1h");
  bool idle = false;
  service_->drain([&] { idle = true; });
  ASSERT_EQ(later_.size(), 1u);  // the ping
  EXPECT_EQ(later_[0].status, 503);
  EXPECT_EQ(now("GET", "/v2/health/ready").status, 503);
  EXPECT_EQ(now("GET", "/v2/health/live").status, 200);
  EXPECT_EQ(now("POST", kInfer, kBody).status, 503);
  gate_.open();
  host_.run_one();
  EXPECT_FALSE(idle);
  host_.run_one();
  EXPECT_TRUE(idle);
  EXPECT_EQ(later_.at(1).status, 200);
  EXPECT_EQ(later_.at(2).status, 200);
}

TEST_F(ModelServiceTest, WhenTimeIsUpWhatWaitsIsRefused) {
  start_ready(1, 1);
  gate_.close();
  later("POST", kInfer, kBody);
  gate_.await_arrivals(2);
  later("POST", kInfer, kBody);
  bool idle = false;
  service_->drain([&] { idle = true; });
  service_->end_waiting();
  ASSERT_EQ(later_.size(), 1u);
  EXPECT_EQ(later_[0].status, 503);
  EXPECT_FALSE(idle);  // one still runs
  gate_.open();
  host_.run_one();
  EXPECT_TRUE(idle);
}

TEST_F(ModelServiceTest, AnEngineThatFailsLaterIsA500) {
  start_ready();
  // The sum is above the largest float, and JSON has no infinity.
  later("POST", kInfer,
        R"({"inputs":[{"name":"rows","shape":[1,3],"datatype":"FP32","data":[3e38,3e38,0]}]})");
  host_.run_one();
  EXPECT_EQ(later_.at(0).status, 500);
  EXPECT_THAT(later_.at(0).body, HasSubstr("not finite"));
  EXPECT_THAT(now("GET", "/metrics").body, HasSubstr("outcome=\"failed\"} 1\n"));
}

}  // namespace
}  // namespace warmgate::model
