#pragma once

#include <cstdint>

#include "policy/settings.h"
#include "policy/status.h"

namespace warmgate::policy {

// BackendHealth judges one always-on backend, by real traffic first and by probes second.
//
// Model.    healthy; dead (its connection was refused: nobody is there); quarantined (`strikes`
//           failures of real requests in a row, or `unhealthy_after` failed probes while no real
//           request succeeds). It returns when its penalty is over and `healthy_after` probes in a
//           row were good; without probes, when the penalty is over. After its return it is on
//           trial, one request at a time, until a real request succeeds: a health 200 does not
//           outvote bad real traffic. A real request that began after the fall and succeeds heals
//           at once. Where the circuit is switched off, failures of real requests take it out in no
//           way: the probes alone judge.
//           A probe that is answered without saying 2xx (its path may be wrong) counts as a sign of
//           life only: who returns by it is on trial as well.
//           The caller may still use a quarantined backend when no other could answer.
// Units.    A strike is one failed real request.
// Bounds.   O(1). open_for <= penalty <= max_open, doubled from one fall to the next until the
//           backend was healthy for max_open; a further failure never shortens a penalty.
// Source.   Envoy health checks and outlier ejection; nginx max_fails (what not to do).
class BackendHealth {
 public:
  enum class State : uint8_t { healthy, quarantined, dead };
  friend constexpr State last_value(State) { return State::dead; }

  explicit BackendHealth(const HealthSettings& health = {}, const CircuitSettings& circuit = {})
      : health_(health), circuit_(circuit) {}
  void configure(const HealthSettings& health, const CircuitSettings& circuit);

  State state(Instant now) const {
    if (state_ == State::healthy || health_.enabled || now < penalty_until_) return state_;
    return State::healthy;  // without probes nothing but the end of the penalty can bring it back
  }
  bool on_trial(Instant now) const {
    return on_trial_ || (state_ != State::healthy && state(now) == State::healthy);
  }
  bool pausing(Instant now) const { return now < pause_until_; }
  Instant pause_until() const { return pause_until_; }
  uint32_t strikes() const { return strikes_; }
  bool probe_unproven() const { return probe_unproven_; }
  Instant penalty_until() const { return penalty_until_; }
  EvidenceKind evidence() const { return evidence_; }
  Instant last_evidence() const { return last_evidence_; }  // Instant::min() when there is none

  void request_good(Instant now, Instant began);
  void request_failed(Instant now);
  void connection_refused(Instant now);
  void request_refused(Instant now, Duration pause);  // 429 or 503: saturated, not dead

  void probe_good(Instant now);
  void probe_answered(Instant now);  // but not with 2xx: alive, and that is all it proves
  void probe_failed(Instant now, bool refused);

  // When the next probe should go out, after one that ended now. A dead backend is asked more
  // often, because its process may be restarted at any moment.
  Duration probe_interval(Instant now) const;

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(health_, circuit_, state_, on_trial_, probe_unproven_, strikes_, probes_good_,
                   probes_failed_, penalty_, penalty_until_, pause_until_, fell_at_, rose_at_,
                   last_good_, last_evidence_, evidence_);
  }

 private:
  bool traffic_speaks(Instant now) const;  // a real request succeeded lately
  void fall(Instant now, State to, bool with_penalty);
  void rise(Instant now);
  void note(Instant now, EvidenceKind kind);

  HealthSettings health_;
  CircuitSettings circuit_;
  State state_ = State::healthy;
  bool on_trial_ = false;
  bool probe_unproven_ = false;
  uint32_t strikes_ = 0;
  uint32_t probes_good_ = 0;
  uint32_t probes_failed_ = 0;
  Duration penalty_{};
  Instant penalty_until_{};
  Instant pause_until_{};
  Instant fell_at_{};
  Instant rose_at_{};
  Instant last_good_ = Instant::min();  // of a real request
  Instant last_evidence_ = Instant::min();
  EvidenceKind evidence_ = EvidenceKind::none;
};

}  // namespace warmgate::policy
