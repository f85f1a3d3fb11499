// Service: one model behind one route, as far as one worker has to do with it: its requests, its
// connections. It turns what happens into events for the Dispatcher, which all workers share, and
// the Dispatcher's actions into I/O; it decides nothing.
//
// Contract with the Dispatcher.  Actions are carried out in order, at once. Within one step an
// AttemptFirstByte is answered by Commit or CancelAttempt, and ClientGone by CancelAttempt for
// each attempt of that request.
// First.   The first worker's has the probes, the schedules and the comparison of the models.
// Thread.  All on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/prng.h"
#include "base/siphash.h"
#include "config/config.h"
#include "config/router.h"
#include "gateway/access_log.h"
#include "gateway/attempt.h"
#include "gateway/backend.h"
#include "gateway/counters.h"
#include "gateway/exchange.h"
#include "gateway/local_reply.h"
#include "gateway/model_check.h"
#include "gateway/probe.h"
#include "gateway/schedule_clock.h"
#include "gateway/shared_dispatcher.h"
#include "gateway/tls_contexts.h"
#include "net/loop.h"
#include "policy/slab_map.h"

namespace warmgate::gateway {

// What all services of a worker share.
struct Surroundings {
  uint32_t worker = 0;
  uint32_t workers = 1;
  net::Loop& loop;
  net::Resolver& resolver;
  AccessLog& access_log;
  TlsContexts& tls;
  std::function<void()> on_resolved;  // a backend's name has new addresses, or none
  uint64_t seed = 1;
  HashKey secret{};  // of whom requests are from
};

class Service {
 public:
  Service(const Surroundings& surroundings, const config::Config& config,
          const config::Service& service, SharedDispatcher& dispatcher);
  ~Service();

  void start();  // the first step: probes and timers begin
  void handle(const http::RequestHead& head, transport::ServerTransaction& transaction);
  void drain();  // of the service as a whole
  void cut_tunnels();

  const config::Service& config() const { return config_; }
  ServiceCounters& counters() { return counters_; }
  const ServiceCounters& counters() const { return counters_; }
  policy::ServiceStatus status() const { return dispatcher_.status(loop_.now()); }
  const SharedDispatcher& dispatcher() const { return dispatcher_; }
  const ModelCheck& model_check() const { return model_check_; }
  const std::vector<std::unique_ptr<Backend>>& backends(policy::PoolKind pool) const {
    return backends_[static_cast<size_t>(pool)];
  }
  size_t in_flight() const { return exchanges_.size(); }             // waiting ones included
  void check_invariants() const { dispatcher_.check_invariants(); }  // for tests

  // ---- for exchanges, attempts and probes ----
  net::Loop& loop() { return loop_; }
  Prng& prng() { return prng_; }
  Attempt* find_attempt(policy::AttemptId id);
  void attempt_first_byte(Attempt& attempt, const policy::AttemptFirstByte& event);
  void attempt_finished(Attempt& attempt, policy::Outcome outcome);  // destroys the attempt
  void announce(const policy::RequestArrived& arrival);              // may destroy its exchange
  void body_here(Exchange& exchange, uint64_t bytes);                // likewise
  void replay_lost(Exchange& exchange);
  void request_gone(Exchange& exchange);
  void exchange_over(Exchange& exchange, AccessRecord& record);  // destroys the exchange
  void probe_finished(Probe& probe, const ProbeResult& result);  // destroys the probe

 private:
  LocalReply objection(const http::RequestHead& head, policy::RequestArrived& event);
  void step(const policy::Event& event);
  void collect();
  void carry_out();
  void apply(const policy::StartAttempt& action);
  void apply(const policy::Commit& action);
  void apply(const policy::CancelAttempt& action);
  void apply(const policy::Reject& action);
  const std::string& probe_path(const policy::StartProbe& action) const;
  void apply(const policy::StartProbe& action);
  void apply(const policy::SetTimer& action);
  void apply(const policy::Preconnect& action);
  void apply(const policy::BudgetCrossed& action);
  Backend& backend(policy::BackendRef ref);
  void remove(Attempt& attempt);
  Exchange& exchange(policy::RequestId id);
  Exchange* find_exchange(policy::RequestId id);
  Attempt& attempt(policy::AttemptId id);
  void backend_answered(policy::BackendRef ref);

  const uint32_t worker_;
  net::Loop& loop_;
  AccessLog& access_log_;
  const config::Service config_;
  const bool carries_grpc_;  // every backend may speak HTTP/2
  Prng prng_;
  HashKey secret_;
  ServiceCounters counters_;
  SharedDispatcher& dispatcher_;
  net::Timer timer_;
  std::array<std::vector<std::unique_ptr<Backend>>, 2> backends_;  // by PoolKind
  ModelCheck model_check_;
  ScheduleClock schedule_clock_;

  uint64_t last_request_ = 0;
  policy::SlabMap<policy::RequestId, Exchange> exchanges_;
  policy::SlabMap<policy::AttemptId, Attempt> attempts_;
  std::unordered_map<policy::ProbeId, std::unique_ptr<Probe>> probes_;

  // Steps do not nest: what an action brings about is taken up when its step is done.
  std::vector<policy::Event> pending_;
  policy::Actions actions_;
  bool stepping_ = false;
};

}  // namespace warmgate::gateway
