// ModelServer over real connections: the loop has a thread, the test is the client.
#include "model/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <string_view>
#include <thread>

#include "model/fake_engine.h"

namespace warmgate::model {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kBody =
    R"({"inputs":[{"name":"rows","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})";

std::string infer_request(std::string_view body = kBody) {
  return "POST /v2/models/sums/infer HTTP/1.1\r\nHost: x\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

class Client {
 public:
  explicit Client(const net::Address& server) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    EXPECT_EQ(connect(fd_, server.get(), server.length()), 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Reads until `text` has come, or the server closes; gives what came since the last call.
  std::string read_until(std::string_view text) {
    std::string got;
    char buffer[4096];
    while (got.find(text) == std::string::npos) {
      const ssize_t bytes = recv(fd_, buffer, sizeof(buffer), 0);
      if (bytes <= 0) break;
      got.append(buffer, static_cast<size_t>(bytes));
    }
    return got;
  }

 private:
  int fd_;
};

class ModelServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ServiceOptions options;
    options.model_name = "sums";
    options.instance_id = "unit";
    options.server_version = "9";
    options.started = loop_.now();
    options.max_queue = 1;
    server_ = std::make_unique<ModelServer>(loop_, options, fake_engines(1, &gate_));
    ASSERT_TRUE(server_->listen(*net::Address::from_ip("127.0.0.1", 0)).ok());
    address_ = server_->address();
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    gate_.open();
    loop_.post([this] { loop_.stop(); });
    thread_.join();
    server_.reset();
  }
  // Returns when the drain has begun; the future tells whether all was answered.
  std::future<bool> begin_drain(Duration limit) {
    auto done = std::make_shared<std::promise<bool>>();
    std::promise<void> begun;
    loop_.post([this, limit, done, &begun] {
      server_->drain(limit, [done](bool complete) { done->set_value(complete); });
      begun.set_value();
    });
    begun.get_future().wait();
    return done->get_future();
  }

  Gate gate_;
  net::EpollLoop loop_;
  std::unique_ptr<ModelServer> server_;
  net::Address address_;
  std::thread thread_;
};

TEST_F(ModelServerTest, AnswersOneRequestAfterTheOther) {
  Client client(address_);
  for (int i = 0; i < 3; ++i) {
    client.send(infer_request());
    const std::string answer = client.read_until("]}]}");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, HasSubstr("warmgate-instance: unit;age="));
    EXPECT_THAT(answer, HasSubstr(";served=" + std::to_string(i) + "\r\n"));
    EXPECT_THAT(answer, HasSubstr("\"data\":[6]"));
  }
  client.send("HEAD /v2 HTTP/1.1\r\nHost: x\r\n\r\n" + get("/v2/health/live"));
  const std::string answers = client.read_until("{\"live\":true}");
  EXPECT_THAT(answers, testing::Not(HasSubstr("extensions")));  // no body to HEAD
}

TEST_F(ModelServerTest, TakesABodyInChunks) {
  Client client(address_);
  client.send(
      "POST /v2/models/sums/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  char size[16];
  std::snprintf(size, sizeof(size), "%zx\r\n", kBody.size());
  client.send(size + std::string(kBody) + "\r\n0\r\n\r\n");
  EXPECT_THAT(client.read_until("]}]}"), HasSubstr("\"data\":[6]"));
}

TEST_F(ModelServerTest, RefusesALargeBodyBeforeReadingIt) {
  Client client(address_);
  client.send("POST /v2/models/sums/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 33554433\r\n\r\n");
  const std::string answer = client.read_until("}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("33554432 bytes"));
}

TEST_F(ModelServerTest, HoldsAPing) {
  Client client(address_);
  gate_.await_arrivals(1);
  client.send("GET /v2/health/ready HTTP/1.1\r\nHost: x\r\nwarmgate-hold: 1ms\r\n\r\n");
  EXPECT_THAT(client.read_until("}"), HasSubstr("ready"));
}

TEST_F(ModelServerTest, AClientThatLeavesIsNotComputedFor) {
  gate_.await_arrivals(1);  // the proof
  gate_.close();
  Client running(address_);
  running.send(infer_request());
  gate_.await_arrivals(2);
  Client observer(address_);
  {
    Client leaver(address_);
    leaver.send(infer_request());
    do {
      observer.send(get("/metrics"));
    } while (observer.read_until("_age_seconds ").find("queue_depth 1\n") == std::string::npos);
  }
  do {
    observer.send(get("/metrics"));
  } while (observer.read_until("_age_seconds ").find("queue_depth 0\n") == std::string::npos);
  gate_.open();
  EXPECT_THAT(running.read_until("]}]}"), HasSubstr("\"data\":[6]"));
}

TEST_F(ModelServerTest, DrainAnswersWhatItAcceptedAndThenCloses) {
  gate_.await_arrivals(1);
  gate_.close();
  std::future<bool> drained;
  {
    Client running(address_);
    Client idle(address_);
    running.send(infer_request());
    gate_.await_arrivals(2);
    drained = begin_drain(1h);
    idle.send(get("/v2/health/ready"));
    EXPECT_THAT(idle.read_until("}"), StartsWith("HTTP/1.1 503 "));
    gate_.open();
    EXPECT_THAT(running.read_until("]}]}"), HasSubstr("\"data\":[6]"));
    EXPECT_EQ(running.read_until("never"), "");  // closed
    EXPECT_EQ(idle.read_until("never"), "");
  }
  EXPECT_TRUE(drained.get());
}

TEST_F(ModelServerTest, DrainEndsInTimeWhateverRuns) {
  gate_.await_arrivals(1);
  gate_.close();
  Client running(address_);
  Client waiting(address_);
  running.send(infer_request());
  gate_.await_arrivals(2);
  waiting.send(infer_request());
  auto drained = begin_drain(50ms);
  EXPECT_FALSE(drained.get());
}

}  // namespace
}  // namespace warmgate::model
