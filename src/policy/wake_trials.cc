#include "policy/wake_trials.h"

namespace warmgate::policy {

void WakeTrials::Trials::end(bool hit) {
  open = false;
  hits *= kKept;
  misses *= kKept;
  (hit ? hits : misses) += 1;
}

void WakeTrials::called(Instant now, uint32_t k, Duration start) {
  for (size_t group = 0; group <= group_of(k); ++group) {
    Trials& trial = all_[group];
    if (trial.open && now > trial.until) trial.end(false);
    if (trial.open) continue;
    trial.open = true;
    trial.from = now + start / 2;
    trial.until = now + 2 * start;
  }
}

void WakeTrials::needed(Instant now, uint32_t k) {
  for (size_t group = 0; group <= group_of(k); ++group) {
    Trials& trial = all_[group];
    if (trial.open && now >= trial.from) trial.end(now <= trial.until);
  }
}

Instant WakeTrials::open_until(uint32_t k) const {
  const Trials& trial = all_[group_of(k)];
  return trial.open ? trial.until : Instant{};
}

}  // namespace warmgate::policy
