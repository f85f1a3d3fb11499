#pragma once

#include <array>
#include <vector>

#include "base/prng.h"
#include "policy/admission_queue.h"
#include "policy/backend_health.h"
#include "policy/burst_memory.h"
#include "policy/circuit.h"
#include "policy/cold_start_clock.h"
#include "policy/concurrency_limit.h"
#include "policy/controlled_delay.h"
#include "policy/demand_forecast.h"
#include "policy/dispatcher.h"
#include "policy/error_budget.h"
#include "policy/instance_rentals.h"
#include "policy/instant_heap.h"
#include "policy/kept_instances.h"
#include "policy/ordered_instances.h"
#include "policy/paid_instances.h"
#include "policy/pool_times.h"
#include "policy/prediction_margin.h"
#include "policy/pressing.h"
#include "policy/retry_budget.h"
#include "policy/running_work.h"
#include "policy/seasonal_peaks.h"
#include "policy/slab_map.h"
#include "policy/spending.h"
#include "policy/wake_leases.h"
#include "policy/warmth.h"
#include "stats/latency_histogram.h"

namespace warmgate::policy {

// WarmgateDispatcher is the policy of docs/behaviour: it hides cold starts behind the always-on
// pool, and works whatever the pools do.
//
// A step handles its event and then settles: ends the waits whose budget is over, sets apart what
// became late, releases what can be sent, gives slow requests to the other pool, wakes, probes, and
// arms the one timer. The parts know one thing each; the rules that join them are here:
//
//   warmgate_dispatcher.cc   step, settle, timer, drain, settings
//   admission.cc             arrival, wait or refuse, budgets of waiting, release
//   gathering.cc             requests whose bodies are still to come
//   routing.cc               the seven cases: where a request goes now
//   attempts.cc              attempts from start to end: evidence, retry, bypass
//   waking.cc                wakes, what they may cost, cold starts and who saw them
//   recurring.cc             wakes ahead of what recurs by the clock
//   probing.cc               keeping warm, schedules, health probes
//   releasing.cc             letting go of instances whose idle time is paid
//   reporting.cc             status, invariants
//   saving.cc                the state as bytes, and back
//
// Invariants.
//   1. A request that is held gathers its body, or waits in the queue, or has an attempt running:
//      one of these.
//   2. A request gets one end: Reject, or a committed attempt that finished, or ClientGone.
//   3. A slot is taken from StartAttempt to AttemptFinished, and never over a backend's capacity
//      at the time of the start.
//   4. Nothing is decided by the iteration order of an unordered container; ties go by id.
// Bounds.   Gathering and waiting requests: settings.queue. Running ones: the slots.
//           Wakes: WakeLeases::kMost.
class WarmgateDispatcher final : public Dispatcher {
 public:
  WarmgateDispatcher(const ServiceSettings& settings, uint64_t seed);

  void step(Instant now, const Event& event, Actions& out) override;
  void check_invariants() const override;
  ServiceStatus status(Instant now) const override;

  // The whole state as bytes, between two steps. A Dispatcher of the same program that loads them
  // goes on with the same actions, bit for bit. false: they are not such bytes, and this Dispatcher
  // can only be destroyed.
  void save(std::string& out) const;
  [[nodiscard]] bool load(std::string_view bytes);
  static uint64_t state_layout();  // two programs with the same one can load each other's states

  const ServiceSettings& settings() const { return settings_; }

  // Every member, in the order of declaration. Whoever adds one adds it here, and whoever adds a
  // class or an enumeration that a member is made of finds in policy/checkpoint.h what it needs;
  // members that hold slots or indices are also checked in sound(). The compiler and
  // tools/check_visits.py tell what was forgotten.
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(
        settings_, prng_, out_, now_, timer_, draining_, requests_, attempts_, last_attempt_,
        last_probe_, queue_, gathering_, delay_, late_in_turn_, always_on_, serverless_,
        next_health_, serverless_in_flight_, spare_in_flight_, always_on_work_, margin_,
        always_on_times_, serverless_times_, demand_, seasons_, demand_level_, warmth_,
        cold_starts_, bursts_, wakes_, ordered_, pressing_, cold_start_, ready_at_, schedule_,
        scheduled_asked_, kept_, spending_, error_budget_, paid_, rentals_, release_, release_sent_,
        release_search_, release_due_, release_pause_, release_paused_until_, retry_budget_,
        bypass_budget_, bypass_due_, silence_due_, cold_start_counts_, ready_times_, bypasses_,
        bypasses_won_, retries_, attempts_by_reason_, rejects_by_reason_, probes_by_kind_);
  }
  bool sound() const;  // for members that were read from a file: is each slot and index one?

 private:
  // What a wait is for, and so what its end means.
  enum class Wait : uint8_t {
    busy,   // for a slot of pools that are busy: ends with 429
    start,  // for a cold start, or once more after a failed attempt: served late, ends with 503
  };
  friend constexpr Wait last_value(Wait) { return Wait::start; }

  struct Request {
    RequestId id;
    Instant arrived{};         // with its body
    Instant deadline{};        // arrival + SLO, no later than its patience
    Instant patience{};        // arrival of its head + client's limit
    uint64_t bytes = 0;        // declared
    uint64_t queue_bytes = 0;  // what it counts for in the queue
    uint64_t key = 0;          // whose it is
    Priority priority = Priority::high;
    Wait wait = Wait::busy;
    bool heavy = false;
    bool repeatable = true;
    bool replay_lost = false;
    bool waited = false;
    bool predicted = false;  // waited because the pools are ready and it should make it
    bool struck = false;     // a backend was blamed for this request: once is enough
    bool has_avoid = false;
    BackendRef avoid{};                                // where the last attempt failed
    uint8_t attempts = 0;                              // that count against retry.max_attempts
    uint8_t attempts_in_all = 0;                       // refused connections included
    std::array<Slot, 2> running = {kNoSlot, kNoSlot};  // attempts that were not cancelled
    Slot committed = kNoSlot;
  };

  struct Attempt {
    AttemptId id;
    Slot request = kNoSlot;  // kNoSlot once cancelled
    BackendRef backend{};
    Instant began{};
    Reason reason = Reason::cold;
    bool trial = false;
    bool pressing = false;      // sent beyond the warm slots, so that another instance comes
    bool spare = false;         // sent only because an instance idled that is paid
    bool answered = false;      // its first byte was seen
    bool good = false;          // and was no failure
    bool saw_start = false;     // its instance started while it waited
    bool first_to_see = false;  // and nobody had seen that instance before
    bool lasting = false;       // switched protocols: goes on until somebody ends it
    bool full = false;          // all slots of its backend were taken when it began
  };

  struct Route {
    BackendRef backend{};
    Reason reason = Reason::cold;
    bool trial = false;
    bool pressing = false;
    bool spare = false;
  };

  struct AlwaysOnBackend {
    BackendHealth judged;
    uint32_t in_flight = 0;
    uint32_t lasting = 0;  // ... of which so many switched protocols
    ProbeId probe{};       // in flight, or none
    Instant next_probe{};
    ConcurrencyLimit limit{};

    uint32_t busy() const { return in_flight - lasting; }
  };

  struct ServerlessBackend {
    Circuit circuit;
    uint32_t in_flight = 0;
  };

  // One cold start, from the first wake until the pool is ready.
  struct ColdStart {
    bool under_way = false;
    Instant wake_sent{};
    uint32_t delayed = 0;  // requests that had to wait for it
  };

  static constexpr double kFilled = 0.6;  // of an instance's slots; beyond it platforms add one

  // What the serverless pool can be used for now.
  enum class Serverless : uint8_t { absent, not_ready, circuit_open, on_trial, ready };

  // ---- warmgate_dispatcher.cc
  void settle(Instant now);
  void serve_queue(Instant now);
  void arm_timer(Instant now);
  Instant next_needed(Instant now) const;
  void on(Instant now, const RequestArrived& event);
  void on(Instant now, const BodyHere& event);
  void on(Instant now, const ClientGone& event);
  void on(Instant now, const ReplayLost& event);
  void on(Instant now, const AttemptFirstByte& event);
  void on(Instant now, const AttemptFinished& event);
  void on(Instant now, const ProbeFinished& event);
  void on(Instant now, const ScheduleTold& event);
  void on(Instant now, const TimerFired& event);
  void on(Instant now, const DrainStarted& event);
  void on(Instant now, const SettingsChanged& event);
  void fit_backends();
  template <class ActionType>
  void emit(ActionType action) {
    out_->push_back(action);
  }

  // ---- admission.cc
  [[gnu::always_inline]] void admit(Instant now, Slot slot, const Request& request);
  void wait_or_refuse(Instant now, Slot slot);
  bool press(Instant now, Slot slot);
  void wait_for_start(Instant now, Slot slot);
  void wait_for_slot(Instant now, Slot slot);
  bool find_place(Instant now, Slot slot);
  bool displace(Instant now, const Request& request);
  void wait_again(Instant now, Slot slot, RejectReason otherwise);
  void enqueue(Instant now, Slot slot, Wait wait, Instant expires);
  Lane lane_of(Instant now, const Request& request) const;
  void end_waits(Instant now);
  void set_late_apart(Instant now);
  void refuse_when_all_down(Instant now);
  void release(Instant now);
  bool release_one(Instant now, Lane lane);
  bool release_this(Instant now, Slot slot, Lane lane);
  bool release_late_in_turn(Instant now);
  void send(Instant now, Slot slot, const Route& route);
  void reject(Instant now, Slot slot, RejectReason reason, uint16_t status);
  void leave_waiting(Slot slot) {
    if (queue_.contains(slot)) queue_.remove(slot);
    if (gathering_.contains(slot)) [[unlikely]]
      gathering_.remove(slot);
  }
  Duration retry_after(Instant now, RejectReason reason) const;
  ControlledDelay::Terms delay_terms() const;
  bool serverless_has_room(Instant now) const;
  void observe_delay(Instant now, const Request& request);
  bool yields_to_high(Instant now, const Request& request);
  bool start_would_help(Instant now) const;
  bool is_doomed(Instant now, const Request& request) const;
  bool released_within_cold_wait(Instant now, const Request& request, uint32_t ahead) const;
  bool busy_pools_make_it(Instant now, const Request& request) const {
    return busy_pools_make_it(now, request, queue_.size(Lane::on_time));
  }
  bool busy_pools_make_it(Instant now, const Request& request, uint32_t ahead) const;
  double always_on_rate(Instant now) const;
  double serverless_rate_per_slot() const;
  Instant busy_expiry(const Request& request) const;
  Instant start_expiry(const Request& request) const;

  // ---- gathering.cc
  void gather(Instant now, Slot slot, uint64_t bytes);
  bool refuse_unread(Instant now, Slot slot);
  bool find_gathering_place(Instant now, const Request& request, uint64_t bytes);
  void end_gathering(Instant now);
  uint32_t gathering_beyond_slots(Instant now);
  bool gathering_calls(Instant now) {
    return !gathering_.empty() && gathering_beyond_slots(now) > 0;
  }

  // ---- routing.cc
  bool find_route(Instant now, const Request& request, Route& route) const;
  bool route_cold(Instant now, const Request& request, Route& route) const;
  bool route_high_demand(Instant now, const Request& request, Route& route) const;
  bool route_low_demand(Instant now, const Request& request, Route& route) const;
  bool route_sparing(Instant now, const Request& request, Route& route) const;
  Instant handover_due(const Request& request) const;
  double margin() const;
  bool always_on_in_time(Instant now, const Request& request) const;
  bool route_heavy(Instant now, const Request& request, Route& route) const;
  Reason why_not_serverless(Instant now) const;
  bool route_around_circuit(Instant now, const Request& request, Route& route) const;
  bool route_on_trial(Instant now, const Request& request, Route& route) const;
  bool route_without_always_on(Instant now, const Request& request, Route& route) const;
  bool to_always_on(Instant now, const Request& request, Reason reason, Route& route) const;
  bool to_serverless(Instant now, const Request& request, Reason reason, Route& route) const;
  bool find_pressing_route(Instant now, const Request& request, Route& route) const;
  bool as_starter(Instant now, const Request& request, Reason reason, Route& route) const;
  bool pick_serverless(Instant now, uint32_t slots, BackendRef& backend) const;
  bool admits(Instant now, const AlwaysOnBackend& backend, bool quarantine_holds) const;

  Serverless serverless(Instant now) const;
  bool serverless_confirmed(Instant now) const;  // warm by fresh evidence, circuit closed
  bool serverless_dead(Instant now) const;       // absent, or its connections are refused
  bool always_on_can_answer(Instant now) const;
  bool always_on_dead(Instant now) const;  // or there is none
  bool any_healthy_always_on(Instant now) const;
  bool anyone_could_answer(Instant now) const;
  uint32_t always_on_slots(Instant now) const;  // without those that lasting attempts hold
  uint32_t always_on_in_flight() const;
  uint32_t serverless_in_flight() const { return serverless_in_flight_; }
  bool is_heavy(const Request& request) const;
  bool is_late(Instant now, const Request& request) const;
  bool always_on_meets(Instant now, const Request& request) const;
  Duration serverless_ready_in(Instant now) const;
  const SizedQuantile& answer_times(const PoolTimes& times) const {
    return settings_.slo_first_byte ? times.first_byte() : times.service();
  }
  Duration high_answer(const PoolTimes& times) const { return answer_times(times).high(); }
  Duration high_answer(const PoolTimes& times, const Request& request) const {
    return answer_times(times).high(request.bytes);
  }
  Duration quickest_answer() const {
    return quicker(high_answer(always_on_times_), high_answer(serverless_times_));
  }
  Duration quickest_answer(const Request& request) const {
    return quicker(high_answer(always_on_times_, request), high_answer(serverless_times_, request));
  }
  Duration quicker(Duration always_on, Duration serverless) const;

  // ---- attempts.cc
  void start(Instant now, Slot slot, const Route& route);
  void watch_for_silence(Instant now, Slot attempt_slot);
  void forget_silence(Slot attempt_slot);
  void begin_lasting(Instant now, Slot attempt_slot);
  void commit(Instant now, Slot attempt_slot);
  void cancel(Slot attempt_slot);
  void cancel_running(Request& request);
  void detach(Slot attempt_slot);
  void forget_request(Slot slot);
  void take_evidence(Instant now, Slot attempt_slot, const AttemptFirstByte& event);
  void warmth_answered(Instant now, const std::optional<InstanceEvidence>& evidence,
                       EvidenceKind otherwise, bool quick);
  bool looks_like_start(Instant now, const Attempt& attempt,
                        const std::optional<InstanceEvidence>& evidence) const;
  void judge_answer(Instant now, Slot attempt_slot, uint16_t status);
  void judge_failure(Instant now, const Attempt& attempt, Outcome outcome);
  void strike(Instant now, const Attempt& attempt);
  bool try_elsewhere(Instant now, Slot attempt_slot, uint16_t status);
  bool another_could_answer(Instant now, const Attempt& attempt, uint16_t status) const;
  void after_failure(Instant now, Slot slot, Outcome outcome);
  void count_late(Instant now, const Request& request, const Attempt& attempt);
  void judge_prediction(Instant now, const Request& request);
  void finish_committed(Instant now, const Request& request, const Attempt& attempt,
                        Outcome outcome);
  bool attempts_left(const Request& request) const;
  void bypass_slow(Instant now);
  bool may_bypass(const Attempt& attempt) const;
  void doubt_silent(Instant now);
  Duration bypass_delay() const;
  Duration silence_limit() const;

  // ---- waking.cc
  void wake_if_needed(Instant now);
  bool serverless_usable(Instant now) const;
  uint32_t instances_wanted(Instant now);
  uint32_t worth_waking(Instant now, uint32_t wanted, uint32_t coming);
  uint32_t paid_instances_wanted(Instant now) const;
  uint32_t instances_for(double concurrency) const;
  double concurrency_wanted(Instant now);
  bool backlog_calls(Instant now) const;
  bool forecast_exceeds_always_on(Instant now) const;
  bool may_wake(Instant now) const;
  uint32_t idle_slots(Instant now) const;
  bool met_by_idle(Instant now, uint32_t instances) const;
  uint32_t wakes_for(uint32_t instances) const;
  void forget_ordered(Instant now);
  Duration futile_pause() const;
  void ask_for_ordered(Instant now, uint32_t have, uint32_t wanted);
  void send_wakes(Instant now, uint32_t instances, uint32_t wanted, bool ahead = false);
  Duration wake_hold(bool from_cold) const;
  void send_wake(Instant now, Duration hold, WakeLeases::Lease lease);
  void wake_ended(Instant now, const WakeLeases::Lease& lease, const ProbeFinished& event);
  void wake_succeeded(Instant now, const WakeLeases::Lease& lease, const ProbeFinished& event);
  void wake_failed(Instant now, const WakeLeases::Lease& lease, Outcome outcome);
  void became_ready(Instant now, const WakeLeases::Lease& lease, bool was_start);
  void preconnect(Instant now);
  std::optional<Duration> since_ready(Instant now, const Route& route);
  void note_delayed(bool first_of_its_start);
  void update_demand_level(Instant now);
  uint32_t paid_instances(Instant now) const {
    const bool none = serverless_in_flight_ == 0 && wakes_.in_flight() == 0;
    const bool idle_is_free = settings_.serverless.billing == Billing::request;
    return none && idle_is_free ? 0 : billed_instances(now);
  }
  uint32_t billed_instances(Instant now) const;
  bool may_spend(Instant now) const { return !spending_.over() || may_overspend(now); }
  bool may_overspend(Instant now) const;
  void settle_spending(Instant now) {
    spending_.paid_instances(now, paid_instances(now));
    if (const auto crossing = spending_.crossing(now)) emit(*crossing);
  }
  Prefer prefer(Instant now) const;

  // ---- recurring.cc
  void look_for_recurring(Instant now);
  double at_once_in_time(Instant now) const;
  uint32_t instances_beyond(double per_s) const;
  uint32_t recurring_instances(Instant now) const {
    const double per_s = seasons_.called_per_s(now);
    return per_s == 0 ? 0 : instances_beyond(per_s);
  }
  uint32_t recurring_wanted(Instant now) const;
  bool worth_waking_ahead(double per_s, double chance) const;
  Duration season_window() const { return std::max(settings_.slo / 2, Duration(1ms)); }

  // ---- probing.cc
  uint32_t scheduled_instances(Instant now) const;
  Instant schedule_lead() const;
  bool scheduled() const { return schedule_.next_change != kNever || schedule_.instances > 0; }
  bool keeps_instances() const { return settings_.serverless.keep_warm && !pays_idle(); }
  bool keeps_warm(Instant now) const {
    return (keeps_instances() || (scheduled() && scheduled_instances(now) > 0)) && may_spend(now);
  }
  void keep_warm(Instant now);
  void ping(Instant now, uint32_t pings);
  Duration keep_warm_interval() const;
  Duration worth_keeping() const;
  uint32_t kept_instances() const;
  Instant keep_warm_due(Instant now) const;
  void keep_warm_ended(Instant now, const ProbeFinished& event);
  void probe_always_on(Instant now);
  void set_next_health();
  void health_ended(Instant now, AlwaysOnBackend& backend, Outcome outcome);
  ProbeId next_probe_id() { return ProbeId{++last_probe_}; }

  // ---- releasing.cc
  bool pays_idle() const { return settings_.serverless.billing == Billing::instance; }
  uint32_t waiting_for_serverless(Instant now) const;
  void settle_rentals(Instant now);
  uint32_t in_use() const;
  bool may_release(Instant now) const;
  InstanceRentals::Terms rental_terms() const;
  void release_idle(Instant now);
  void release_ended(Instant now, const ProbeFinished& event);

  PoolState serverless_state(Instant now) const;
  PoolState always_on_state(Instant now) const;
  uint32_t instance_slots() const { return std::max(1u, settings_.serverless.concurrency); }
  uint32_t starting_instances() const;
  void check_attempts() const;
  void check_requests() const;

  ServiceSettings settings_;
  Prng prng_;
  Actions* out_ = nullptr;  // during a step
  Instant now_{};           // of the last step
  Instant timer_ = kNever;  // asked for and not fired yet
  bool draining_ = false;

  SlabMap<RequestId, Request> requests_;
  SlabMap<AttemptId, Attempt> attempts_;
  uint64_t last_attempt_ = 0;
  uint64_t last_probe_ = 0;
  AdmissionQueue queue_;
  AdmissionQueue gathering_;  // by when they arrived
  ControlledDelay delay_;
  bool late_in_turn_ = false;  // the next serverless slot is for one who is late

  std::vector<AlwaysOnBackend> always_on_;     // only grows; settings say how many are in use
  std::vector<ServerlessBackend> serverless_;  // likewise
  Instant next_health_{};                      // when the next health probe of any backend is due
  uint32_t serverless_in_flight_ = 0;
  uint32_t spare_in_flight_ = 0;
  RunningWork always_on_work_;
  PredictionMargin margin_;
  PoolTimes always_on_times_;
  PoolTimes serverless_times_;

  DemandForecast demand_;
  SeasonalPeaks seasons_;
  DemandLevel demand_level_;
  Warmth warmth_;
  ColdStartClock cold_starts_;
  BurstMemory bursts_;
  WakeLeases wakes_;
  OrderedInstances ordered_;
  Pressing pressing_;
  ColdStart cold_start_;
  Instant ready_at_ = kNever;  // until the first waiting request was sent after a start
  ScheduleTold schedule_;
  uint32_t scheduled_asked_ = 0;  // instances that were asked for since the window opened
  KeptInstances kept_;

  Spending spending_;
  ErrorBudget error_budget_;
  PaidInstances paid_;
  InstanceRentals rentals_;  // where idle time is paid
  ProbeId release_{};        // in flight, or none
  Instant release_sent_{};
  bool release_search_ = false;  // for an instance that we do not know
  Instant release_due_ = kNever;
  Duration release_pause_{};  // after one that ended nobody
  Instant release_paused_until_{};

  RetryBudget retry_budget_;
  RetryBudget bypass_budget_;
  InstantHeap bypass_due_;   // attempts, by when their bypass is due
  InstantHeap silence_due_;  // attempts, by when their silence casts doubt on the pool

  ColdStartStatus cold_start_counts_;
  stats::LatencyHistogram ready_times_;
  uint64_t bypasses_ = 0;
  uint64_t bypasses_won_ = 0;
  uint64_t retries_ = 0;
  std::array<uint64_t, kReasonCount> attempts_by_reason_{};
  std::array<uint64_t, kRejectReasonCount> rejects_by_reason_{};
  std::array<uint64_t, kProbeKindCount> probes_by_kind_{};
};

}  // namespace warmgate::policy
