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
  double gathers = 0;     // share whose body comes after the head
  double never_here = 0;  // ... and of these, whose body never comes
  Duration body_time = 50ms;
  uint32_t keys = 0;  // 0: requests have none
  double crowd = 0;   // share of the requests that are of key 1; the rest evenly of the others
  uint64_t check_every = 1;  // steps; the checks are O(everything)
  Duration crowd_every{};    // 0: none; else so many at once, beside the arrivals above
  uint32_t crowd_size = 0;
  bool drains = false;
  bool changes_settings = false;
  bool tells_week = false;  // the clock is told at the start, and set by an hour halfway
};

class TestWorld {
 public:
  TestWorld(const WorldSettings& settings, uint64_t seed)
      : TestWorld(settings, seed, make_warmgate_dispatcher(settings.service, seed)) {}
  TestWorld(const WorldSettings& settings, uint64_t seed, std::unique_ptr<Dispatcher> dispatcher);

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
  static constexpr Duration kLongestBody = 20s;  // then the gateway's own limits end it
  Figures figures;
  std::map<uint64_t, Figures> by_key;
  Duration figures_from{};

 private:
  struct RequestState {
    Instant arrived{};
    uint64_t key = 0;
    bool repeatable = true;
    bool here = true;  // with its body
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
    bool leaving = false;  // it was asked to end
  };
  enum class What : uint8_t {
    arrival,
    body_here,
    crowd,
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
    change,
    clock
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
  void ask();
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
  void count(const RequestState& request, uint64_t Figures::*what, bool too = true) {
    if (!too) return;
    ++(figures.*what);
    ++(by_key[request.key].*what);
  }
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
    bool release = false;
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

inline TestWorld::TestWorld(const WorldSettings& settings, uint64_t seed,
                            std::unique_ptr<Dispatcher> dispatcher)
    : world_(settings),
      prng_(seed),
      dispatcher_(std::move(dispatcher)),
      always_on_alive_(settings.service.always_on.backends, true),
      always_on_in_flight_(settings.service.always_on.backends, 0) {
  end_of_arrivals_ = now_ + settings.length;
}

inline void TestWorld::run() {
  tell(TimerFired{});
  later(1ms, What::arrival);
  if (world_.crowd_every > Duration{}) later(world_.crowd_every, What::crowd);
  if (world_.tells_week) {
    later(1s, What::clock, 0);
    later(world_.length / 2, What::clock, 1);
  }
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
    case What::body_here:
      if (requests_[next.id].ended) return;
      requests_[next.id].here = true;
      requests_[next.id].arrived = now_;
      return tell(BodyHere{RequestId{next.id}, next.extra});
    case What::crowd:
      if (now_ >= end_of_arrivals_) return;
      later(world_.crowd_every, What::crowd);
      for (uint32_t i = 0; i < world_.crowd_size && complaint_.empty(); ++i) ask();
      return;
    case What::clock: {
      ScheduleTold told;
      told.since_monday = (now_ - Instant{}) + next.id * 1h;
      return tell(told);
    }
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
      if (probe.release) instances_[probe.instance].leaving = true;
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
      changed.queue.fair = !changed.queue.fair;
      changed.queue.max_gathering = changed.queue.max_gathering / 2 + 1;
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
  ask();
}

inline void TestWorld::ask() {
  RequestArrived event;
  event.request = RequestId{++last_request_};
  event.bytes = prng_.below(100'000);
  event.repeatable = !prng_.chance(world_.unrepeatable);
  event.heavy = prng_.chance(world_.heavy);
  if (prng_.chance(world_.low_priority)) event.priority = Priority::low;
  if (prng_.chance(world_.impatient)) event.client_limit = from_seconds(prng_.uniform() * 2);
  if (world_.keys > 0) {
    event.key =
        world_.keys == 1 || prng_.chance(world_.crowd) ? 1 : 2 + prng_.below(world_.keys - 1);
  }
  RequestState& state = requests_[last_request_];
  state.arrived = now_;
  state.key = event.key;
  state.repeatable = event.repeatable;
  if (world_.gathers > 0 && prng_.chance(world_.gathers)) {
    event.gathers = 1 + static_cast<uint32_t>(event.bytes);
    event.bytes_known = prng_.chance(0.5);
    state.here = false;
    const Duration takes = from_seconds(prng_.exponential(to_seconds(world_.body_time)));
    const bool never = prng_.chance(world_.never_here);
    later(never ? kLongestBody : takes, never ? What::leave : What::body_here, last_request_,
          event.bytes);
  }
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

}  // namespace warmgate::policy

#include "policy/test_world_backends.h"
#include "policy/test_world_gateway.h"
