// A whole Gateway on the network in memory, with a scripted always-on backend, a fake serverless
// platform and raw clients.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "gateway/gateway.h"
#include "gateway_backend.h"
#include "gateway_serverless.h"
#include "http_text.h"
#include "support/memory_resolver.h"
#include "support/raw_peer.h"

namespace warmgate::test {

inline const net::Address kGateway = *net::Address::from_ip("10.0.0.1", 80);
inline const net::Address kAlwaysOn = *net::Address::from_ip("10.0.1.1", 8080);
inline const net::Address kServerless = *net::Address::from_ip("10.0.2.1", 8080);

// Seeds with which HTTP/2 is spoken with the backends begin here ...
inline constexpr uint64_t kByH2 = 1000;
// ... and those with which the gateway has kWorkers workers, whose loops are the same one.
inline constexpr uint64_t kShared = 2000;
inline constexpr size_t kWorkers = 3;

inline std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nhost: h\r\n" + more + "\r\n";
}
inline std::string post(const std::string& target, const std::string& body,
                        const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nhost: h\r\n" + more +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// What differs from a service with two always-on slots and a serverless pool that starts in 3 s.
struct ServiceText {
  std::string slo = "500ms";
  std::string always_on = "{backends: [http://10.0.1.1:8080], concurrency: 2}";
  std::string serverless =
      "{backends: [http://10.0.2.1:8080], concurrency: 4, max_instances: 5, "
      "expected_cold_start: 3s}";
  std::string more{};    // further lines of the service, as in "    prefer: always_on\n"
  std::string global{};  // further lines of the file, as in "drain_timeout: 1s\n"
};

class Client {
 public:
  explicit Client(MemoryLoop& loop) : peer_(loop, kGateway) {}

  void send(std::string_view text) { peer_.send(text); }
  RawPeer& peer() { return peer_; }
  const std::string& received() const { return peer_.received(); }
  std::vector<ResponseText> responses() const { return read_responses(peer_.received()); }
  std::string statuses() const { return test::statuses(peer_.received()); }
  size_t complete() const;  // final responses that are here as a whole
  ResponseText first() const;

 private:
  RawPeer peer_;
};

// Parameterized by the seed, which a failing test's name shows.
class GatewayScenario : public testing::TestWithParam<uint64_t> {
 protected:
  static bool by_h2() { return GetParam() >= kByH2 && GetParam() < kShared; }
  static size_t workers() { return GetParam() >= kShared ? kWorkers : 1; }
  // What each scenario's policy did, it does again from its recording.
  void TearDown() override;

  // Backends, if they are not there yet, and gateway; to be called once.
  void start(const ServiceText& text = {}, const PlatformSettings& platform = {});
  void start_yaml(const std::string& yaml);
  void start_backends(const PlatformSettings& platform = {});

  // A new client that has sent `request`.
  std::unique_ptr<Client> ask(const std::string& request = get("/infer"));
  // ... and has a complete answer, or none within the limit.
  ResponseText answer_to(const std::string& request = get("/infer"), Duration limit = 1h);
  bool await(const Client& client, size_t responses = 1, Duration limit = 1h);

  // Takes a connection's answer away from the always-on backend until free_always_on().
  void fill_always_on(size_t slots = 2);
  void free_always_on();
  // The first requests, answered quickly, so that the policy knows the pool's times.
  void teach_always_on(int requests = 10);
  // A wake by a request that has to wait; afterwards the pool is warm and all is quiet.
  void warm_up();
  // Demand above what two always-on slots do comfortably: one request per `gap`.
  void keep_busy(Duration time, Duration gap = 10ms);

  const gateway::Service& service(size_t index = 0) { return *gateway_->services()[index]; }
  // Of all workers.
  gateway::ServiceCounters counters() const;
  size_t in_flight() const;
  uint64_t connections_accepted() const;
  policy::ServiceStatus status() { return service().status(); }

  MemoryLoop loop_{GetParam()};
  MemoryResolver resolver_{loop_};
  std::unique_ptr<ScriptedBackend> always_on_;
  std::unique_ptr<ServerlessFake> serverless_;
  std::optional<config::Config> config_;
  std::string access_log_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::vector<std::unique_ptr<Client>> fillers_;
};

inline auto seeds() {
  return testing::Range(uint64_t{1}, uint64_t{6});
}
inline auto seeds_by_h2() {
  return testing::Range(kByH2, kByH2 + 3);
}
inline auto seeds_shared() {
  return testing::Range(kShared, kShared + 4);
}

}  // namespace warmgate::test
