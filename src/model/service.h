// ModelService: all that warmgate-model answers, without a socket. A request goes in, and its
// response comes back by callback, at once or when a worker has computed it.
//
// Life.     warming (each engine is proved by a real inference; requests queue) -> ready, or broken
//           when an engine fails its proof -> draining (new work is refused).
// Bounds.   Waiting requests by number and by bytes, held pings by number and time; what exceeds
//           them is refused with 429 and Retry-After.
// Thread.   All methods, and all callbacks, on one thread: the host's. The workers come back to it
//           through Host::post() and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "model/infer_job.h"
#include "model/instance.h"
#include "model/metrics.h"
#include "model/protocol.h"
#include "model/routes.h"
#include "model/worker_pool.h"

namespace warmgate::model {

// What the service needs of its surroundings.
class Host {
 public:
  virtual ~Host() = default;
  virtual Instant now() const = 0;
  // Runs `work` on the service's thread. Thread-safe.
  virtual void post(std::function<void()> work) = 0;
  virtual void after(Duration delay, std::function<void()> work) = 0;
};

struct Request {
  std::string method;
  std::string target;
  std::string body;
  std::string hold;              // the field warmgate-hold, if any
  std::string content_encoding;  // the field of that name, if any
  bool release = false;          // has the field warmgate-release
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields;  // beside Content-Type
  std::string body;                                         // to be left out for HEAD
};

struct ServiceOptions {
  std::string model_name;
  std::string instance_id;
  std::string server_version;
  Instant started;                     // of the process
  size_t max_queue = 32;               // requests that wait while all workers are busy
  size_t max_queue_bytes = 64u << 20;  // bodies of accepted requests
  size_t max_held_pings = 1024;
  Duration max_hold = 10s;
  Limits limits;
  // Ends this instance, when it is asked to; called once, not from within handle(). Null: it
  // cannot be asked.
  std::function<void()> on_release;
};

class ModelService {
 public:
  using Respond = std::function<void(Response)>;
  using Ticket = uint64_t;

  // `engines`: one per worker, all of the same model. Work that was posted to `host` must not run
  // after the service is gone.
  ModelService(Host& host, ServiceOptions options,
               std::vector<std::unique_ptr<InferenceEngine>> engines);

  // Either the answer, or a ticket: then `later` is called exactly once, after handle() returned,
  // unless cancel() comes first.
  std::variant<Response, Ticket> handle(Request request, Respond later);
  // The client left: `later` is forgotten, and what still waits does not run.
  void cancel(Ticket ticket);

  // The answer to a body that exceeds limits().max_body_bytes, before all of it was read.
  Response body_too_large() const;
  // The answer when the bodies that are being received exceed what the host has room for.
  Response too_many_bytes();
  const Limits& limits() const { return options_.limits; }

  // Refuses new work from now on, and calls `on_idle` once nothing waits or runs.
  void drain(std::function<void()> on_idle);
  // While draining: ends what still waits with 503.
  void end_waiting();

 private:
  enum class Phase { warming, ready, broken, draining };
  struct Pending {
    Respond respond;  // null when the client left while it ran
    size_t bytes = 0;
  };
  using Handled = std::variant<Response, Ticket>;

  void engine_proved(const Status& status);
  Response answer(const Request& request, const Route& route) const;
  Response release();
  Handled hold_ping(std::string_view hold, Respond later);
  void release_ping(Ticket ticket);
  Handled infer(Request request, Respond later);
  void inference_done(Ticket ticket, InferResult result, Duration waited);
  void check_idle();

  Response json(int status, std::string body) const;
  Response error(int status, std::string_view message) const;
  Response refuse(int status, std::string_view message) const;  // with Retry-After
  Response readiness(std::string ready_body) const;
  std::optional<Response> refuse_route(const Request& request, const Route& route) const;
  std::optional<Response> refuse_infer(const Request& request) const;
  std::string metrics_text() const;
  int64_t retry_after_seconds() const;

  Host& host_;
  const ServiceOptions options_;
  const ModelIdentity model_;
  Instance instance_;
  Metrics metrics_;
  Phase phase_ = Phase::warming;
  bool released_ = false;
  std::string broken_why_;
  size_t engines_to_prove_;
  double mean_seconds_ = 0;  // of recent inferences; 0 before the first
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Pending> pending_;  // inferences that wait or run
  size_t pending_bytes_ = 0;
  std::unordered_map<Ticket, Respond> held_;  // pings
  std::function<void()> on_idle_;
  WorkerPool pool_;  // last: its threads see the members above, and end first
};

}  // namespace warmgate::model
