#include "policy/circuit.h"

#include <algorithm>

namespace warmgate::policy {

void Circuit::configure(const CircuitSettings& settings) {
  settings_ = settings;
  if (!settings.enabled) opened_ = refused_ = false;
}

bool Circuit::may_try(Instant now) const {
  switch (state(now)) {
    case State::closed:
      return true;
    case State::half_open:
      return !trial_in_flight_;
    case State::open:
      return false;
  }
  return false;
}

void Circuit::success(Instant now) {
  strikes_ = 0;
  if (state(now) != State::half_open) return;  // an old answer does not outvote a penalty
  if (++good_trials_ < kTrialsToClose) return;
  opened_ = false;
  refused_ = false;
  closed_at_ = now;
}

void Circuit::strike(Instant now) {
  if (!settings_.enabled) return;
  ++strikes_;
  const State before = state(now);
  if (before == State::half_open || (before == State::closed && strikes_ >= settings_.strikes)) {
    refused_ = false;
    open(now);
  }
}

void Circuit::connection_refused(Instant now) {
  if (!settings_.enabled) return;
  ++strikes_;
  if (state(now) == State::open) return;
  refused_ = true;
  open(now);
}

void Circuit::open(Instant now) {
  const bool calm = !opened_ && now - closed_at_ >= settings_.max_open;
  const bool first = penalty_ == Duration{} || calm;
  penalty_ = first ? settings_.open_for : std::min(penalty_ * 2, settings_.max_open);
  penalty_ = std::max(penalty_, settings_.open_for);
  open_until_ = std::max(open_until_, now + penalty_);
  opened_ = true;
  good_trials_ = 0;
}

}  // namespace warmgate::policy
