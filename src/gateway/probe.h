// Probe: one request of the gateway's own: by GET a wake, a ping, a health check or a look at a
// model's metadata, by POST the word to an instance that it should end. Where the path is that of
// gRPC's health service, a call of it: good is SERVING, and NOT_SERVING is as a 503.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "http/grpc.h"
#include "net/timer.h"
#include "policy/events.h"
#include "stats/latency_histogram.h"
#include "transport/client_pool.h"

namespace warmgate::gateway {

struct ProbeRequest {
  std::string path;
  std::string authority;
  Duration timeout{};
  bool release = false;  // ask the instance that gets it to end
  Duration hold{};       // ask the backend to hold its answer, so that it takes up a slot
  size_t keep_body = 0;  // bytes of the answer's body that are wanted; more is a failure
  stats::LatencyHistogram* accepted = nullptr;  // where the time to a connection is recorded
};

struct ProbeResult {
  policy::Outcome outcome = policy::Outcome::ok;  // ok: a status of 2xx
  uint16_t status = 0;                            // 0: no answer
  std::optional<policy::InstanceEvidence> evidence;
  std::string body;
};

class Probe final : public transport::ClientHandler {
 public:
  // `done` comes once, not from within the constructor, and may destroy the Probe.
  Probe(net::Loop& loop, transport::ClientPool& pool, const ProbeRequest& request,
        std::function<void(const ProbeResult&)> done);
  ~Probe() override;

  // transport::ClientHandler
  void on_connected(transport::ClientTransaction& transaction) override;
  void on_interim(const http::ResponseHead&) override {}
  void on_response(const http::ResponseHead& head) override;
  void on_body(std::string_view piece) override;
  void on_response_end(std::span<const http::Field> trailers) override;
  void on_writable() override {}
  void on_failed(const transport::Failure& failure) override;

 private:
  void note_connected();
  void send(const ProbeRequest& request);
  void send_grpc(const ProbeRequest& request);
  void judge_grpc(std::span<const http::Field> trailers);
  void finish(policy::Outcome outcome);

  static constexpr size_t kMostHealthAnswer = 1024;

  net::Loop& loop_;
  const bool grpc_;
  std::optional<http::GrpcStatus> grpc_status_;
  const Instant sent_at_;
  stats::LatencyHistogram* accepted_;
  transport::ClientTransaction* transaction_ = nullptr;
  size_t keep_body_;
  std::function<void(const ProbeResult&)> done_;
  net::Timer timer_;
  ProbeResult result_;
};

}  // namespace warmgate::gateway
