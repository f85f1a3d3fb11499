// Gateway: the data plane as a whole: its workers, what they share, how it starts and ends.
//
// Workers.  Each has a loop, and where there are several, a thread of its own. The first one
//           listens, and has what there is one of: probes, schedules, the admin endpoints.
// Thread.   All on the first worker's thread. The others' loops run from start() on, until the
//           first one's has ended.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/worker.h"

namespace warmgate::gateway {

class Gateway {
 public:
  // `config` must outlive the gateway. `secret`: of the hashes by which clients are told apart.
  // There is a worker for each site.
  Gateway(const std::vector<Site>& sites, const config::Config& config, AccessLog::Sink access_sink,
          uint64_t seed, HashKey secret = {});

  // Waits until each backend's name was looked up, binds all listen addresses and begins the
  // services' probes and timers; then calls `on_started` once, perhaps at once.
  enum class StartFailure : uint8_t { none, bad_tls, unresolved_name, cannot_listen };
  using StartHandler = std::function<void(StartFailure, std::string problem)>;
  void start(StartHandler on_started);
  bool started() const { return started_; }

  // Stops accepting, ends what waits with 503 and lets what runs finish.
  void drain();
  bool draining() const { return draining_; }
  bool drained() const { return draining_ && connections() == 0; }
  // Ends what has no end of its own: to be called when a drain has taken long enough.
  void cut_tunnels();

  // Calls `visit` for each worker in turn, on its thread, and waits for that: for a batch of its
  // events at most.
  void visit_workers(const std::function<void(Worker&)>& visit) const;

  const config::Config& config() const { return config_; }
  // The first worker's: what they tell of the service as a whole, each of them tells.
  const std::vector<std::unique_ptr<Service>>& services() const { return lead().services(); }
  const Service* find_service(std::string_view name) const;  // nullptr: there is none
  size_t connections() const { return lead().server().connections_of_all(); }
  net::Address address(size_t listener = 0) const { return lead().server().address(listener); }
  Instant started_at() const { return started_at_; }

  // For a stream that came another way than by a listener: a test's.
  void accept(std::unique_ptr<net::Stream> stream) { lead().server().accept(std::move(stream)); }

 private:
  Worker& lead() const { return *workers_.front(); }
  void resolved(const std::string& problem);

  const config::Config& config_;
  Instant started_at_;
  StartHandler on_started_;  // until the start is over
  std::string problem_;      // that keeps it from starting
  size_t unresolved_ = 0;    // workers that do not know all addresses yet
  bool started_ = false;
  bool draining_ = false;
  std::vector<std::unique_ptr<SharedDispatcher>> dispatchers_;  // by service
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace warmgate::gateway
