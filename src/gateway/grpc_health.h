// GrpcHealth answers grpc.health.v1.Health about the gateway itself, as its /readyz does for HTTP.
//
// Check.   "" (the gateway as a whole) or the name of a service: SERVING while the gateway takes
//          requests, NOT_SERVING while it drains; NOT_FOUND for another name. It asks no backend: a
//          health check must not wake a pool that sleeps.
// Watch.   UNIMPLEMENTED, as the protocol allows.
// Bounds.  A request of at most kMaxRequest bytes; as many at a time as there are streams.
// Thread.  All on the loop's thread.
// Source.  grpc/health/v1/health.proto; the protobuf wire format.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "transport/transaction.h"

namespace warmgate::gateway {

// The string in field 1 of a protobuf message, empty where there is none; other fields are skipped.
// nullopt: no such message. It is a view into `message`.
std::optional<std::string_view> read_health_request(std::string_view message);

class GrpcHealth {
 public:
  enum class Serving : uint8_t { unknown_service, yes, no };
  using Ask = std::function<Serving(std::string_view service)>;

  explicit GrpcHealth(Ask ask) : ask_(std::move(ask)) {}
  ~GrpcHealth();

  // Is this request for the health service? Its path, by any method.
  static bool is_for(std::string_view target);
  // Answers it, perhaps later: when its message is here.
  void handle(const http::RequestHead& head, transport::ServerTransaction& transaction);

 private:
  static constexpr size_t kMaxRequest = 1024;

  class Call final : public transport::ServerHandler {
   public:
    Call(GrpcHealth& owner, transport::ServerTransaction& transaction)
        : owner_(owner), transaction_(&transaction) {}
    void let_go();

    std::list<Call>::iterator self;

   private:
    void on_body(std::string_view piece) override;
    void on_request_end(std::span<const http::Field> trailers) override;
    void on_writable() override {}
    void on_gone() override { owner_.calls_.erase(self); }

    GrpcHealth& owner_;
    transport::ServerTransaction* transaction_;
    std::string received_;
  };

  void answer(transport::ServerTransaction& transaction, std::string_view received) const;

  Ask ask_;
  std::list<Call> calls_;  // whose message is not here yet
};

}  // namespace warmgate::gateway
