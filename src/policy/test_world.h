// A small fake world for property tests: always-on servers, a scale-to-zero pool, clients, crashes.
// It plays the part of the gateway: it carries out actions, makes events of what happens, and
// checks that each action is one that a gateway can carry out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <vector>

#include "base/prng.h"
#include "policy/dispatcher.h"

namespace warmgate::policy {

struct WorldSettings {
  ServiceSettings service;
  double arrivals_per_s = 50;             // on average
  bool bursty = true;                     // bursts and silence alternate; false: evenly random
  Duration calm_after = Duration::max();  // from here on calm_arrivals_per_s
  double calm_arrivals_per_s = 0;
  Duration length = 20s;  // then no more arrivals, and everything must come to an end
  Duration service_time = 20ms;
  Duration start_time = 1s;
  Duration idle_lifetime = 5s;
  uint32_t real_instances = 4;  // what the platform allows, whatever the settings say
  bool names_instances = true;
  bool probe_paths = true;  // false: probes are answered with 404
  double crashes_per_s = 0;
  double errors = 0;         // share of answers that are 500
  double clients_leave = 0;  // share of requests whose client does
  double unrepeatable = 0;
  double low_priority = 0;
  double impatient = 0;  // share with a time limit of their own, under 2 s
  double replay_lost = 0;
  double heavy = 0;
  uint64_t check_every = 1;  // steps; the checks are O(everything)
  bool drains = false;
  bool changes_settings = false;
};

class TestWorld {
 public:
  TestWorld(const WorldSettings& settings, uint64_t seed);

  // Runs to the end; the first broken rule is in `complaint()`.
  void run();

  const std::string& complaint() const { return complaint_; }
  uint64_t digest() const { return digest_; }  // of all actions, to compare two runs
  ServiceStatus status() const { return dispatcher_->status(now_); }
  uint64_t answered() const { return answered_; }
  uint64_t rejected() const { return rejected_; }
  uint64_t arrivals() const { return last_request_; }
  // Since `from` after the start: answered after the deadline by the SLO, refused.
  struct Figures {
    uint64_t answered = 0, late = 0, refused = 0;
    uint64_t refused_slowly = 0;  // later than kQuickRefusal after the arrival
  };
  static constexpr Duration kQuickRefusal = 50ms;
  Figures figures;
  Duration figures_from{};

 private:
  struct RequestState {
    Instant arrived{};
    bool repeatable = true;
    bool ended = false;
    bool sent = false;  // bytes of it reached a backend
    bool replay_lost = false;
    AttemptId committed{};
    uint32_t running = 0;  // attempts not cancelled and not finished
  };
  struct AttemptState {
    RequestId request{};
    BackendRef backend{};
    Instant began{};
    bool finished = false;
    bool cancelled = false;
    bool answered = false;
    uint64_t instance = 0;  // serverless, once placed
    bool pending = false;   // waits at the platform for an instance
  };
  struct Instance {
    Instant ready{};
    Instant last_busy{};
    uint32_t in_flight = 0;
    uint64_t served = 0;
    bool alive = true;
  };
  enum class What : uint8_t {
    arrival,
    leave,
    lose_replay,
    timer,
    connect_fails,
    first_byte,
    finish,
    attempt_times_out,
    platform_gives_up,
    cancel_done,
    probe_done,
    instance_ready,
    wake_done,
    crash,
    restart,
    drain,
    change
  };
  struct Happening {
    Instant at;
    uint64_t order;
    What what;
    uint64_t id;
    uint64_t extra;
    bool operator>(const Happening& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void later(Duration after, What what, uint64_t id = 0, uint64_t extra = 0) {
    happenings_.push({now_ + after, ++order_, what, id, extra});
  }
  void complain(const std::string& text) {
    if (complaint_.empty()) complaint_ = text;
  }
  void happen(const Happening& happening);
  void arrive();
  void tell(const Event& event);
  void carry_out(const Action& action);
  void carry_out_start(const StartAttempt& action);
  void carry_out_commit(const Commit& action);
  void carry_out_cancel(const CancelAttempt& action);
  void carry_out_reject(const Reject& action);
  void carry_out_probe(const StartProbe& action);
  void first_byte(uint64_t id);
  void finish(uint64_t id, Outcome outcome);
  void end_request(RequestId id);
  bool counts(const RequestState& request) const {
    return request.arrived >= end_of_arrivals_ - world_.length + figures_from;
  }
  void place(uint64_t attempt_or_probe, bool probe);
  void place_pending();
  void run_on(uint64_t id, uint64_t instance, bool probe);
  void free_instance(uint64_t instance);
  void forget_idle_instances();
  void crash();
  void check_end();
  Outcome probe_answer() const { return world_.probe_paths ? Outcome::ok : Outcome::client_error; }
  Duration service() {
    return from_seconds(to_seconds(world_.service_time) * (0.5 + prng_.exponential(0.5)));
  }

  WorldSettings world_;
  Prng prng_;
  std::unique_ptr<Dispatcher> dispatcher_;
  Instant now_{10s};
  Instant end_of_arrivals_{};
  uint64_t order_ = 0;
  uint64_t steps_ = 0;
  uint64_t steps_at_once_ = 0;
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> happenings_;
  std::map<uint64_t, RequestState> requests_;
  std::map<uint64_t, AttemptState> attempts_;
  struct ProbeState {
    Instant sent{};
    BackendRef backend{};
    uint64_t instance = 0;
    Duration hold{};
    bool done = false;
  };
  std::map<uint64_t, ProbeState> probes_;
  std::vector<bool> always_on_alive_;
  std::vector<uint32_t> always_on_in_flight_;
  std::map<uint64_t, Instance> instances_;
  std::vector<std::pair<uint64_t, bool>> pending_;  // attempts and probes at the platform
  uint64_t last_instance_ = 0;
  uint64_t last_request_ = 0;
  uint64_t timer_generation_ = 0;
  AttemptId awaits_answer_{};
  bool answer_given_ = false;
  bool bursting_ = true;
  bool draining_ = false;
  uint64_t answered_ = 0;
  uint64_t rejected_ = 0;
  uint64_t digest_ = 1469598103934665603ull;
  std::string complaint_;
};

// ---- the course of things

inline TestWorld::TestWorld(const WorldSettings& settings, uint64_t seed)
    : world_(settings),
      prng_(seed),
      dispatcher_(make_warmgate_dispatcher(settings.service, seed)),
      always_on_alive_(settings.service.always_on.backends, true),
      always_on_in_flight_(settings.service.always_on.backends, 0) {
  end_of_arrivals_ = now_ + settings.length;
}

inline void TestWorld::run() {
  tell(TimerFired{});
  later(1ms, What::arrival);
  if (world_.crashes_per_s > 0) later(1s, What::crash);
  if (world_.drains) later(world_.length * 3 / 4, What::drain);
  if (world_.changes_settings) later(world_.length / 3, What::change);
  const Instant hard_end = end_of_arrivals_ + world_.service.queue.cold_wait + 60s;
  while (!happenings_.empty() && complaint_.empty()) {
    const Happening next = happenings_.top();
    happenings_.pop();
    if (next.at > hard_end) break;
    steps_at_once_ = next.at == now_ ? steps_at_once_ + 1 : 0;
    if (steps_at_once_ > 20'000) complain("time stands still");
    now_ = next.at;
    happen(next);
  }
  if (complaint_.empty()) check_end();
}

inline void TestWorld::happen(const Happening& next) {
  forget_idle_instances();
  switch (next.what) {
    case What::arrival:
      return arrive();
    case What::leave:
      if (requests_[next.id].ended) return;
      end_request(RequestId{next.id});
      return tell(ClientGone{RequestId{next.id}});
    case What::lose_replay:
      if (requests_[next.id].ended) return;
      requests_[next.id].replay_lost = true;
      return tell(ReplayLost{RequestId{next.id}});
    case What::timer:
      if (next.id == timer_generation_) tell(TimerFired{});
      return;
    case What::connect_fails:
      return finish(next.id, Outcome::connect_failed);
    case What::first_byte:
      return first_byte(next.id);
    case What::finish:
      return finish(next.id, static_cast<Outcome>(next.extra));
    case What::attempt_times_out:
      if (!attempts_[next.id].answered) finish(next.id, Outcome::timed_out);
      return;
    case What::platform_gives_up:
      for (size_t i = 0; i < pending_.size(); ++i) {
        if (pending_[i].first != next.id || pending_[i].second != (next.extra != 0)) continue;
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
        if (next.extra != 0) {
          probes_[next.id].done = true;
          return tell(ProbeFinished{ProbeId{next.id}, Outcome::refused_busy, std::nullopt});
        }
        attempts_[next.id].pending = false;
        attempts_[next.id].answered = true;
        awaits_answer_ = AttemptId{next.id};
        answer_given_ = false;
        const bool was_cancelled = attempts_[next.id].cancelled;
        tell(AttemptFirstByte{AttemptId{next.id}, 429, std::nullopt});
        if (!was_cancelled && !answer_given_) complain("a first byte got no answer");
        later(0ms, What::finish, next.id, static_cast<uint64_t>(Outcome::refused_busy));
        return;
      }
      return;
    case What::cancel_done:
      return finish(next.id, Outcome::cancelled);
    case What::probe_done: {
      ProbeState& probe = probes_[next.id];
      if (probe.done) return;
      probe.done = true;
      return tell(ProbeFinished{ProbeId{next.id}, static_cast<Outcome>(next.extra), std::nullopt});
    }
    case What::wake_done: {
      ProbeState& probe = probes_[next.id];
      if (probe.done) return;
      probe.done = true;
      const Instance& instance = instances_[probe.instance];
      const bool alive = instance.alive;
      std::optional<InstanceEvidence> evidence;
      if (world_.names_instances && alive) {
        evidence = {InstanceKey{probe.instance}, now_ - instance.ready, instance.served};
      }
      free_instance(probe.instance);
      tell(ProbeFinished{ProbeId{next.id}, alive ? probe_answer() : Outcome::server_error,
                         evidence});
      return place_pending();
    }
    case What::instance_ready:
      return place_pending();
    case What::crash:
      crash();
      if (now_ < end_of_arrivals_)
        later(from_seconds(prng_.exponential(1 / world_.crashes_per_s)), What::crash);
      return;
    case What::restart:
      always_on_alive_[next.id] = true;
      return;
    case What::drain:
      draining_ = true;
      return tell(DrainStarted{});
    case What::change: {
      ServiceSettings changed = world_.service;
      changed.always_on.concurrency += 1;
      changed.slo *= 2;
      changed.queue.max_requests /= 2;
      world_.service = changed;
      return tell(SettingsChanged{changed});
    }
  }
}

inline void TestWorld::arrive() {
  if (now_ >= end_of_arrivals_) return;
  if (prng_.chance(0.01)) bursting_ = !bursting_;
  const bool calm = now_ - (end_of_arrivals_ - world_.length) >= world_.calm_after;
  const double rate = calm             ? world_.calm_arrivals_per_s
                      : !world_.bursty ? world_.arrivals_per_s
                                       : world_.arrivals_per_s * (bursting_ ? 2.0 : 0.05);
  later(from_seconds(prng_.exponential(1 / rate)), What::arrival);
  RequestArrived event;
  event.request = RequestId{++last_request_};
  event.bytes = prng_.below(100'000);
  event.repeatable = !prng_.chance(world_.unrepeatable);
  event.heavy = prng_.chance(world_.heavy);
  if (prng_.chance(world_.low_priority)) event.priority = Priority::low;
  if (prng_.chance(world_.impatient)) event.client_limit = from_seconds(prng_.uniform() * 2);
  RequestState& state = requests_[last_request_];
  state.arrived = now_;
  state.repeatable = event.repeatable;
  if (prng_.chance(world_.clients_leave)) {
    later(from_seconds(prng_.exponential(0.1)), What::leave, last_request_);
  }
  if (prng_.chance(world_.replay_lost))
    later(from_seconds(prng_.exponential(0.05)), What::lose_replay, last_request_);
  tell(event);
}

inline void TestWorld::tell(const Event& event) {
  Actions actions;
  dispatcher_->step(now_, event, actions);
  if (++steps_ % world_.check_every == 0) dispatcher_->check_invariants();
  for (const Action& action : actions) carry_out(action);
}

// ---- actions

inline void TestWorld::carry_out(const Action& action) {
  digest_ = (digest_ ^ (action.index() + 1)) * 1099511628211ull;
  if (const auto* start = std::get_if<StartAttempt>(&action)) {
    digest_ = (digest_ ^ (start->request.value * 31 + static_cast<uint64_t>(start->reason))) *
              1099511628211ull;
    carry_out_start(*start);
  } else if (const auto* commit = std::get_if<Commit>(&action)) {
    carry_out_commit(*commit);
  } else if (const auto* cancel = std::get_if<CancelAttempt>(&action)) {
    carry_out_cancel(*cancel);
  } else if (const auto* reject = std::get_if<Reject>(&action)) {
    carry_out_reject(*reject);
  } else if (const auto* probe = std::get_if<StartProbe>(&action)) {
    carry_out_probe(*probe);
  } else if (const auto* timer = std::get_if<SetTimer>(&action)) {
    digest_ =
        (digest_ ^ static_cast<uint64_t>(timer->at.time_since_epoch().count())) * 1099511628211ull;
    if (timer->at <= now_) complain("a timer in the past");
    ++timer_generation_;
    if (timer->at != kNever) later(timer->at - now_, What::timer, timer_generation_);
  }
}

inline void TestWorld::carry_out_start(const StartAttempt& action) {
  RequestState& request = requests_[action.request.value];
  const Duration waited = now_ - request.arrived;
  if (request.ended) complain("an attempt for a request that ended");
  if (request.committed) complain("an attempt after a commit");
  if (draining_) complain("an attempt during a drain");
  if (request.replay_lost && request.sent) complain("an attempt after the replay buffer was lost");
  if (!request.repeatable && request.sent) complain("an unrepeatable request was repeated");
  const bool first = !request.sent && action.reason != Reason::retry;
  if (first && waited > std::max(world_.service.queue.cold_wait, world_.service.slo)) {
    complain("a wait beyond its budget");
  }
  if (++request.running > 2) complain("more than two attempts at a time");
  const uint64_t id = action.attempt.value;
  attempts_[id] = {action.request, action.backend, now_, false, false, false, 0, false};
  later(3s, What::attempt_times_out, id);
  if (action.backend.pool == PoolKind::serverless) {
    request.sent = true;
    return place(id, false);
  }
  const uint16_t index = action.backend.index;
  if (++always_on_in_flight_[index] > world_.service.always_on.concurrency) {
    complain("an always-on slot over capacity");
  }
  if (!always_on_alive_[index]) return later(100us, What::connect_fails, id);
  request.sent = true;
  const Duration took = service();
  later(took * 4 / 5, What::first_byte, id);
}

inline void TestWorld::carry_out_commit(const Commit& action) {
  const AttemptState& attempt = attempts_[action.attempt.value];
  RequestState& request = requests_[attempt.request.value];
  if (!attempt.answered || attempt.cancelled || attempt.finished) complain("a commit of nothing");
  if (request.committed || request.ended) complain("two answers for one request");
  request.committed = action.attempt;
  if (awaits_answer_ == action.attempt) answer_given_ = true;
}

inline void TestWorld::carry_out_cancel(const CancelAttempt& action) {
  AttemptState& attempt = attempts_[action.attempt.value];
  if (attempt.cancelled || attempt.finished) complain("a cancel of what has ended");
  attempt.cancelled = true;
  --requests_[attempt.request.value].running;
  if (awaits_answer_ == action.attempt) answer_given_ = true;
  later(prng_.chance(0.5) ? 0ms : 1ms, What::cancel_done, action.attempt.value);
}

inline void TestWorld::carry_out_reject(const Reject& action) {
  RequestState& request = requests_[action.request.value];
  if (request.running > 0 || request.committed) complain("a reject of a request that runs");
  if (request.ended) complain("a second end of a request");
  if (action.status < 429 || action.status > 504) complain("a reject with an odd status");
  if (now_ - request.arrived > world_.service.queue.cold_wait && !request.sent) {
    complain("a reject later than the budget of waiting");
  }
  end_request(action.request);
  ++rejected_;
  if (!counts(request)) return;
  ++figures.refused;
  figures.refused_slowly += now_ - request.arrived > kQuickRefusal ? 1 : 0;
}

inline void TestWorld::end_request(RequestId id) {
  requests_[id.value].ended = true;
}

inline void TestWorld::carry_out_probe(const StartProbe& action) {
  const uint64_t id = action.probe.value;
  if (draining_) complain("a probe during a drain");
  probes_[id] = {now_, action.backend, 0, action.hold, false};
  if (action.backend.pool == PoolKind::serverless) {
    const bool needed = std::any_of(requests_.begin(), requests_.end(), [&](const auto& entry) {
      return !entry.second.ended || entry.second.arrived == now_;
    });
    if (!needed) complain("a probe to an idle serverless pool that nobody needs");
    return place(id, true);
  }
  const bool alive = always_on_alive_[action.backend.index];
  const bool lost = prng_.chance(0.02);
  const Outcome outcome = !alive ? Outcome::connect_failed
                          : lost ? Outcome::timed_out
                                 : probe_answer();
  later(lost ? action.timeout : Duration{1ms}, What::probe_done, id,
        static_cast<uint64_t>(outcome));
}

// ---- the backends

inline void TestWorld::first_byte(uint64_t id) {
  AttemptState& attempt = attempts_[id];
  if (attempt.finished) return;
  const bool serverless = attempt.backend.pool == PoolKind::serverless;
  const bool died =
      serverless ? !instances_[attempt.instance].alive : !always_on_alive_[attempt.backend.index];
  if (died) return finish(id, Outcome::broken);
  attempt.answered = true;
  AttemptFirstByte event{AttemptId{id}, 200, std::nullopt};
  if (prng_.chance(world_.errors)) event.status = prng_.chance(0.5) ? 500 : 503;
  if (serverless && world_.names_instances) {
    Instance& instance = instances_[attempt.instance];
    event.evidence = {InstanceKey{attempt.instance}, now_ - instance.ready, ++instance.served};
  }
  awaits_answer_ = AttemptId{id};
  answer_given_ = false;
  const bool was_cancelled = attempt.cancelled;
  tell(event);
  if (!was_cancelled && !answer_given_) complain("a first byte got no answer");
  const Outcome outcome = event.status == 500   ? Outcome::server_error
                          : event.status == 503 ? Outcome::refused_busy
                                                : Outcome::ok;
  later(world_.service_time / 5, What::finish, id, static_cast<uint64_t>(outcome));
}

inline void TestWorld::finish(uint64_t id, Outcome outcome) {
  AttemptState& attempt = attempts_[id];
  if (attempt.finished) return;
  attempt.finished = true;
  if (attempt.cancelled) outcome = Outcome::cancelled;
  if (attempt.backend.pool == PoolKind::always_on) {
    --always_on_in_flight_[attempt.backend.index];
  } else if (attempt.pending) {
    std::erase(pending_, std::pair<uint64_t, bool>{id, false});
  } else if (attempt.instance != 0) {
    free_instance(attempt.instance);
  }
  RequestState& request = requests_[attempt.request.value];
  if (!attempt.cancelled) --request.running;
  if (request.committed == AttemptId{id} && !attempt.cancelled) {
    if (!request.ended) {
      ++answered_;
      if (counts(request)) {
        ++figures.answered;
        figures.late += now_ - request.arrived > world_.service.slo ? 1 : 0;
      }
    }
    request.ended = true;
  }
  tell(AttemptFinished{AttemptId{id}, outcome});
  place_pending();
}

// The platform: an instance with room, or a place in its own queue and perhaps a new instance.
inline void TestWorld::place(uint64_t id, bool probe) {
  for (auto& [key, instance] : instances_) {
    if (pending_.empty() && instance.alive && instance.ready <= now_ &&
        instance.in_flight < world_.service.serverless.concurrency) {
      return run_on(id, key, probe);
    }
  }
  pending_.push_back({id, probe});
  if (!probe) attempts_[id].pending = true;
  later(10s, What::platform_gives_up, id, probe ? 1 : 0);
  uint32_t starting = 0;
  uint32_t alive = 0;
  for (const auto& [key, instance] : instances_) {
    alive += instance.alive ? 1 : 0;
    starting += instance.alive && instance.ready > now_ ? 1 : 0;
  }
  if (pending_.size() > size_t{starting} * world_.service.serverless.concurrency &&
      alive < world_.real_instances) {
    const Duration start =
        from_seconds(to_seconds(world_.start_time) * (0.7 + 0.6 * prng_.uniform()));
    instances_[++last_instance_] = {now_ + start, now_ + start, 0, 0, true};
    later(start, What::instance_ready);
  }
}

inline void TestWorld::place_pending() {
  while (!pending_.empty()) {
    bool placed = false;
    for (auto& [key, instance] : instances_) {
      if (!instance.alive || instance.ready > now_ ||
          instance.in_flight >= world_.service.serverless.concurrency) {
        continue;
      }
      const auto [id, probe] = pending_.front();
      pending_.erase(pending_.begin());
      run_on(id, key, probe);
      placed = true;
      break;
    }
    if (!placed) return;
  }
}

inline void TestWorld::run_on(uint64_t id, uint64_t key, bool probe) {
  ++instances_[key].in_flight;
  if (probe) {
    probes_[id].instance = key;
    return later(1ms + probes_[id].hold, What::wake_done, id);
  }
  attempts_[id].pending = false;
  attempts_[id].instance = key;
  later(service() * 4 / 5, What::first_byte, id);
}

inline void TestWorld::free_instance(uint64_t key) {
  --instances_[key].in_flight;
  instances_[key].last_busy = now_;
  place_pending();  // first come those who wait at the platform
}

inline void TestWorld::forget_idle_instances() {
  for (auto& [key, instance] : instances_) {
    if (instance.in_flight == 0 && now_ - instance.last_busy > world_.idle_lifetime) {
      instance.alive = false;
    }
  }
}

inline void TestWorld::crash() {
  const uint64_t choice = prng_.below(2);
  if (choice == 0 && !always_on_alive_.empty()) {
    const uint64_t index = prng_.below(always_on_alive_.size());
    always_on_alive_[index] = false;
    later(from_seconds(prng_.exponential(1.0)), What::restart, index);
  } else if (choice == 1 && !instances_.empty()) {
    instances_.rbegin()->second.alive = false;
  }
}

inline void TestWorld::check_end() {
  for (const auto& [id, request] : requests_) {
    if (!request.ended) complain("request " + std::to_string(id) + " never ended");
    if (request.running != 0) complain("an attempt never ended");
  }
  for (const auto& [id, attempt] : attempts_) {
    if (!attempt.finished) complain("attempt " + std::to_string(id) + " was never answered");
  }
  for (const auto& [id, probe] : probes_) {
    if (!probe.done && now_ - probe.sent > 20s) complain("a probe was never answered");
  }
  const ServiceStatus status = dispatcher_->status(now_);
  if (status.queued != 0 || status.queued_bytes != 0) complain("somebody still waits");
  if (status.always_on.in_flight != 0 || status.serverless.in_flight != 0) {
    complain("permits do not return to zero");
  }
}

}  // namespace warmgate::policy
