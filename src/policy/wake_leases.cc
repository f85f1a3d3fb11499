#include "policy/wake_leases.h"

#include <algorithm>

namespace warmgate::policy {

Instant WakeLeases::next_expiry() const {
  Instant next = kNever;
  for (const Lease& lease : leases_) next = std::min(next, lease.expires);
  return next;
}

bool WakeLeases::ended(ProbeId probe, Lease& lease) {
  const auto found = std::find_if(leases_.begin(), leases_.end(),
                                  [&](const Lease& other) { return other.probe == probe; });
  if (found == leases_.end()) return false;
  lease = *found;
  leases_.erase(found);
  return true;
}

uint32_t WakeLeases::expire(Instant now) {
  return static_cast<uint32_t>(
      std::erase_if(leases_, [&](const Lease& lease) { return lease.expires <= now; }));
}

void WakeLeases::failed(Instant now) {
  pause_ = pause_ == Duration{} ? kFirstPause : std::min(pause_ * 2, kLongestPause);
  paused_until_ = now + pause_;
}

void WakeLeases::futile(Instant now, Duration first_pause, uint32_t wanted) {
  if (now < futile_until_) {  // one of a volley, or of a further one that asked for more
    futile_wanted_ = std::max(futile_wanted_, wanted);
    return;
  }
  futile_pause_ = std::clamp(futile_pause_ * 2, first_pause, kLongestFutilePause);
  futile_until_ = now + futile_pause_;
  futile_wanted_ = wanted;
}

}  // namespace warmgate::policy
