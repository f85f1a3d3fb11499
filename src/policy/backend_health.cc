#include "policy/backend_health.h"

#include <algorithm>

namespace warmgate::policy {
namespace {

// A restarted process is back within a second or so; ask a dead one this often at first.
constexpr Duration kDeadProbeInterval = 200ms;

}  // namespace

void BackendHealth::configure(const HealthSettings& health, const CircuitSettings& circuit) {
  health_ = health;
  circuit_ = circuit;
}

bool BackendHealth::traffic_speaks(Instant now) const {
  return last_good_ != Instant::min() && strikes_ == 0 &&
         now - last_good_ <= health_.interval * static_cast<int64_t>(health_.unhealthy_after);
}

void BackendHealth::note(Instant now, EvidenceKind kind) {
  last_evidence_ = now;
  evidence_ = kind;
}

void BackendHealth::request_good(Instant now, Instant began) {
  note(now, EvidenceKind::first_byte_time);
  last_good_ = now;
  if (state_ == State::healthy || began >= fell_at_) {
    strikes_ = 0;
    probes_failed_ = 0;
    if (state_ != State::healthy) rise(now);
    on_trial_ = false;
  }
}

void BackendHealth::request_failed(Instant now) {
  note(now, EvidenceKind::first_byte_time);
  if (!circuit_.enabled) return;  // probes alone judge
  ++strikes_;
  if (on_trial_ || strikes_ >= circuit_.strikes) fall(now, State::quarantined, true);
}

void BackendHealth::connection_refused(Instant now) {
  note(now, EvidenceKind::first_byte_time);
  if (!circuit_.enabled) return;
  ++strikes_;
  fall(now, State::dead, !health_.enabled);
}

void BackendHealth::request_refused(Instant now, Duration pause) {
  pause_until_ = std::max(pause_until_, now + pause);
}

void BackendHealth::probe_good(Instant now) {
  note(now, EvidenceKind::health);
  probe_unproven_ = false;
  probes_failed_ = 0;
  if (state_ == State::healthy) return;
  ++probes_good_;
  if (probes_good_ >= health_.healthy_after && now >= penalty_until_) rise(now);
}

void BackendHealth::probe_answered(Instant now) {
  const bool was_healthy = state_ == State::healthy;
  probe_good(now);
  note(now, EvidenceKind::unproven);
  probe_unproven_ = true;
  if (!was_healthy && state_ == State::healthy) on_trial_ = true;
}

void BackendHealth::probe_failed(Instant now, bool refused) {
  note(now, EvidenceKind::health);
  probe_unproven_ = false;
  probes_good_ = 0;
  ++probes_failed_;
  if (traffic_speaks(now) && !(refused && probes_failed_ >= health_.unhealthy_after)) return;
  if (refused) {
    fall(now, State::dead, false);
  } else if (probes_failed_ >= health_.unhealthy_after && state_ == State::healthy) {
    fall(now, State::quarantined, false);
  }
}

void BackendHealth::fall(Instant now, State to, bool with_penalty) {
  const bool was_healthy = state_ == State::healthy;
  if (was_healthy || (to == State::dead && state_ != State::dead)) fell_at_ = now;
  // Dead is stronger than quarantined: a strike of a request that was still under way changes
  // nothing about a refused connection.
  if (state_ != State::dead) state_ = to;
  probes_good_ = 0;
  if (!with_penalty || now < penalty_until_) return;
  const bool long_healthy = was_healthy && now - rose_at_ >= circuit_.max_open;
  const bool calm = penalty_ == Duration{} || long_healthy;
  penalty_ = calm ? circuit_.open_for : std::min(penalty_ * 2, circuit_.max_open);
  penalty_ = std::max(penalty_, circuit_.open_for);
  penalty_until_ = now + penalty_;
}

void BackendHealth::rise(Instant now) {
  state_ = State::healthy;
  on_trial_ = strikes_ > 0;
  rose_at_ = now;
}

Duration BackendHealth::probe_interval(Instant now) const {
  if (state_ != State::dead) return health_.interval;
  const Duration dead_for = now - fell_at_;
  return std::clamp(dead_for / 4, std::min(kDeadProbeInterval, health_.interval), health_.interval);
}

}  // namespace warmgate::policy
