// Real threads and sockets: what the workers share stays exact. Run it under ThreadSanitizer
// (`make tsan`); that each order of events is handled is for the scenarios in virtual time, which
// have several workers as well.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <list>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "config/loader.h"
#include "gateway/gateway.h"
#include "net/loop_thread.h"
#include "net/resolver_ares.h"
#include "recording/replay.h"
#include "transport/simple_server.h"

namespace warmgate::gateway {
namespace {

constexpr uint32_t kWorkers = 3;
constexpr int kClients = 12;
constexpr int kRequests = 60;  // of each client
const net::Address kAnyPort = *net::Address::from_ip("127.0.0.1", 0);

// What a worker runs on.
struct Place {
  net::LoopThread thread;
  net::AresResolver resolver{thread.loop()};
};

// Answers each request after a moment, and counts how many it has at a time.
class SlowBackend {
 public:
  static constexpr Duration kTakes = 2ms;

  SlowBackend()
      : timer_(thread_.loop().timers(), [this] { answer(); }),
        server_(
            thread_.loop(),
            [this](const transport::SimpleRequest&, transport::Responder responder) {
              begin(std::move(responder));
            },
            {}, 1024) {
    EXPECT_TRUE(server_.listen(kAnyPort));
    address_ = server_.address();
    thread_.run();
  }
  ~SlowBackend() { thread_.end(); }

  std::string url() const { return "http://" + address_.to_string(); }
  size_t most() const { return most_; }  // at a time

 private:
  struct Call {
    Instant due;
    transport::Responder responder;
  };

  void begin(transport::Responder responder) {
    calls_.push_back({thread_.loop().now() + kTakes, std::move(responder)});
    if (calls_.size() > most_) most_ = calls_.size();
    timer_.arm(calls_.front().due);
  }
  void answer() {
    while (!calls_.empty() && calls_.front().due <= thread_.loop().now()) {
      calls_.front().responder({200, "text/plain", "done", {}});
      calls_.pop_front();
    }
    if (!calls_.empty()) timer_.arm(calls_.front().due);
  }

  net::LoopThread thread_;
  net::Timer timer_;
  std::list<Call> calls_;
  std::atomic<size_t> most_{0};
  transport::SimpleServer server_;
  net::Address address_;
};

// A client with a blocking socket.
class Client {
 public:
  explicit Client(const net::Address& to) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(connect(fd_, to.get(), to.length()), 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void ask() const {
    constexpr std::string_view kText = "GET /infer HTTP/1.1\r\nhost: h\r\n\r\n";
    ASSERT_EQ(send(fd_, kText.data(), kText.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(kText.size()));
  }
  // The status; 0 when the connection ended.
  int answer() {
    size_t whole = 0;
    while ((whole = response_bytes()) == 0) {
      char piece[4096];
      const ssize_t got = recv(fd_, piece, sizeof(piece), 0);
      if (got <= 0) return 0;
      received_.append(piece, static_cast<size_t>(got));
    }
    const int status = std::stoi(received_.substr(9, 3));
    received_.erase(0, whole);
    return status;
  }

 private:
  // Of the first response, if it is here as a whole; else 0.
  size_t response_bytes() const {
    const size_t head = received_.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    size_t length = 0;
    for (const char* name : {"content-length: ", "Content-Length: "}) {
      const size_t at = received_.find(name);
      if (at < head) length = std::stoul(received_.substr(at + 16));
    }
    const size_t whole = head + 4 + length;
    return received_.size() >= whole ? whole : 0;
  }

  int fd_;
  std::string received_;
};

struct Answers {
  std::atomic<uint64_t> ok{0}, refused{0}, none{0};
  void count(int status) {
    if (status == 200) ++ok;
    if (status == 429 || status == 503) ++refused;
    if (status == 0) ++none;
  }
};

class Threads : public testing::Test {
 protected:
  void start(const std::string& more) {
    config::Loaded loaded = config::load_text(
        "listen: \"127.0.0.1:0\"\nadmin: off\nservices:\n  - name: digits\n    slo: 20s\n" +
            ("    always_on: {backends: \"" + backend_.url() + "\", concurrency: 3}\n" +
             "    health: {enabled: false}\n" + more),
        "test.yaml");
    ASSERT_EQ(loaded.error_text(), "");
    config_ = std::move(loaded.config);
    std::vector<Site> sites;
    for (Place& place : places_) sites.push_back({place.thread.loop(), place.resolver});
    gateway_ = std::make_unique<Gateway>(
        sites, *config_, [](std::string_view) {}, 1);
    bool started = false;
    gateway_->start([&](Gateway::StartFailure failure, const std::string& problem) {
      EXPECT_EQ(failure, Gateway::StartFailure::none) << problem;
      places_[0].thread.loop().stop();
      started = true;
    });
    if (!started) places_[0].thread.loop().run();
    for (Place& place : places_) place.thread.run();
  }

  // On the first worker's thread, as Gateway asks for.
  void on_lead(const std::function<void()>& work) {
    std::binary_semaphore done(0);
    places_[0].thread.loop().post([&] {
      work();
      done.release();
    });
    done.acquire();
  }

  // Each client asks for one thing after the other, on a connection of its own. All are connected
  // before the first one asks.
  void ask_all() {
    std::latch connected(kClients);
    run_clients([&](int) {
      Client client(gateway_->address());
      connected.arrive_and_wait();
      for (int i = 0; i < kRequests; ++i) {
        client.ask();
        answers_.count(client.answer());
      }
    });
  }

  void run_clients(const std::function<void(int client)>& work) {
    std::vector<std::thread> clients;
    clients.reserve(kClients);
    for (int i = 0; i < kClients; ++i) clients.emplace_back(work, i);
    for (std::thread& client : clients) client.join();
  }

  // Nothing is left over: no request, no slot, no place in the queue. And the policy would do the
  // same again.
  void expect_quiet() {
    bool quiet = false;
    for (int i = 0; i < 500 && !quiet; ++i) {
      on_lead([&] {
        size_t held = 0;
        gateway_->visit_workers([&](Worker& worker) { held += worker.services()[0]->in_flight(); });
        const policy::ServiceStatus status = gateway_->services()[0]->status();
        quiet = held == 0 && status.always_on.in_flight == 0 && status.queued == 0;
        gateway_->services()[0]->check_invariants();
      });
      if (!quiet) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(quiet);
    const auto recording =
        recording::read_recording(gateway_->services()[0]->dispatcher().recording());
    ASSERT_TRUE(recording.ok()) << recording.error().message;
    const auto replayed = recording::replay(*recording);
    ASSERT_TRUE(replayed.ok()) << replayed.error().message;
    EXPECT_FALSE(replayed->divergence.has_value());
  }

  ServiceCounters counters() {
    ServiceCounters sum;
    on_lead([&] {
      gateway_->visit_workers([&](Worker& worker) { sum.merge(worker.services()[0]->counters()); });
    });
    return sum;
  }

  // The first one first: its thread may wait for the others', never the other way round.
  void TearDown() override {
    for (Place& place : places_) place.thread.end();
  }

  SlowBackend backend_;
  std::optional<config::Config> config_;
  std::vector<Place> places_{kWorkers};
  std::unique_ptr<Gateway> gateway_;
  Answers answers_;
};

TEST_F(Threads, ShareTheSlotsAndTheQueue) {
  start("");
  ask_all();
  EXPECT_EQ(answers_.ok, uint64_t{kClients * kRequests});
  EXPECT_EQ(backend_.most(), 3u) << "more clients than slots: all are used, and no more";
  expect_quiet();
  EXPECT_EQ(counters().responses[0][2], uint64_t{kClients * kRequests});
  on_lead([&] {
    gateway_->visit_workers([](Worker& worker) {
      EXPECT_EQ(worker.server().stats().connections, uint64_t{kClients / kWorkers})
          << "each connection goes to the worker that has the fewest";
    });
  });
}

TEST_F(Threads, RefuseWhatTheQueueCannotHold) {
  start("    queue: {max_requests: 4}\n");
  ask_all();
  EXPECT_EQ(answers_.ok + answers_.refused, uint64_t{kClients * kRequests});
  EXPECT_GT(answers_.refused, 0u) << "twelve clients, three slots, four places";
  EXPECT_GT(answers_.ok, 0u);
  EXPECT_LE(backend_.most(), 3u);
  expect_quiet();
  const ServiceCounters counted = counters();
  EXPECT_EQ(counted.responses[0][2], answers_.ok);
  EXPECT_EQ(counted.responses[2][4] + counted.responses[2][5], answers_.refused);
}

TEST_F(Threads, ClientsLeaveAtAnyTime) {
  start("");
  const net::Address at = gateway_->address();
  run_clients([&](int index) {
    Prng random(static_cast<uint64_t>(index));
    for (int i = 0; i < kRequests; ++i) {
      Client client(at);
      client.ask();
      if (random.below(2) == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(random.below(4000)));
        continue;
      }
      answers_.count(client.answer());
    }
  });
  EXPECT_EQ(answers_.none, 0u);
  expect_quiet();
}

TEST_F(Threads, DrainTogether) {
  start("");
  const net::Address at = gateway_->address();
  std::atomic<int> asked{0};
  std::thread drainer([&] {
    while (asked < kClients * kRequests / 4) std::this_thread::yield();
    on_lead([&] { gateway_->drain(); });
  });
  run_clients([&](int) {
    Client client(at);
    for (int i = 0; i < kRequests; ++i) {
      client.ask();
      ++asked;
      const int status = client.answer();
      answers_.count(status);
      if (status != 200) break;  // 503 while it drains, or the connection has ended
    }
  });
  drainer.join();
  EXPECT_GE(answers_.ok, uint64_t{kClients * kRequests / 4 - kClients});
  expect_quiet();
  on_lead([&] { EXPECT_TRUE(gateway_->drained()); });
}

}  // namespace
}  // namespace warmgate::gateway
