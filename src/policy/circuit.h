#pragma once

#include <cstdint>

#include "policy/settings.h"

namespace warmgate::policy {

// Circuit takes a failing backend out of the traffic and lets it back in by trials.
//
// Model.    closed -> open after `strikes` failures in a row, or at once when its connection was
//           refused; open -> half-open when the penalty is over; half-open admits one trial at a
//           time: kTrialsToClose good ones in a row close it, a bad one opens it again with twice
//           the penalty. The penalty falls back to the first one after a calm of max_open.
//           Switched off, it is always closed.
// Units.    A strike is one failed request; the caller counts at most one per request.
// Bounds.   O(1). open_for <= penalty <= max_open; a further failure never ends a penalty earlier.
// Source.   Nygard, "Release It!"; Envoy outlier ejection (growing ejection time).
class Circuit {
 public:
  enum class State : uint8_t { closed, open, half_open };

  explicit Circuit(const CircuitSettings& settings = {}) : settings_(settings) {}
  void configure(const CircuitSettings& settings);

  State state(Instant now) const {
    if (!opened_) return State::closed;
    return now < open_until_ ? State::open : State::half_open;
  }
  bool refused() const { return refused_; }  // opened by a refused connection: nobody is there
  bool may_try(Instant now) const;           // closed, or half-open without a trial in flight
  Instant open_until() const { return open_until_; }
  uint32_t strikes() const { return strikes_; }

  void success(Instant now);
  void strike(Instant now);
  void connection_refused(Instant now);

  // A trial holds the half-open circuit until it ends; its result is told by the calls above.
  void trial_started() { trial_in_flight_ = true; }
  void trial_ended() { trial_in_flight_ = false; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(settings_, opened_, refused_, trial_in_flight_, strikes_, good_trials_, penalty_,
                   open_until_, closed_at_);
  }

 private:
  static constexpr uint32_t kTrialsToClose = 2;

  void open(Instant now);

  CircuitSettings settings_;
  bool opened_ = false;  // open or half-open
  bool refused_ = false;
  bool trial_in_flight_ = false;
  uint32_t strikes_ = 0;
  uint32_t good_trials_ = 0;
  Duration penalty_{};
  Instant open_until_{};
  Instant closed_at_{};
};

}  // namespace warmgate::policy
