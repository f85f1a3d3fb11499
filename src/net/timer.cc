#include "net/timer.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace warmgate::net {
namespace {

constexpr Duration kTick = 1ms;

int64_t tick_at_or_after(Instant t) {
  const Duration since = t.time_since_epoch();
  return since / kTick + (since % kTick > Duration::zero() ? 1 : 0);
}

}  // namespace

void Timer::arm(Instant deadline) {
  if (deadline == kNever) return disarm();
  const bool later = link_ != nullptr && deadline >= deadline_;
  deadline_ = deadline;
  if (later) return;
  unlink();
  wheel_.insert(*this);
}

void Timer::arm_after(Duration delay) {
  arm(delay >= kNever - wheel_.now() ? kNever : wheel_.now() + delay);
}

void Timer::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  if (slot_ < wheel_.slots_.size() && wheel_.slots_[slot_] == nullptr) {
    wheel_.occupied_[slot_ / TimerWheel::kSlots] &= ~(uint64_t{1} << (slot_ % TimerWheel::kSlots));
  }
  link_ = nullptr;
  next_ = nullptr;
}

TimerWheel::TimerWheel(Instant now) : now_(now), elapsed_(now.time_since_epoch() / kTick) {
  WG_ASSERT(elapsed_ >= 0, "the clock stands before its epoch");
}

void TimerWheel::insert(Timer& timer) {
  // The present tick has been expired already, so the earliest that can still fire is the next.
  const int64_t tick = std::max(tick_at_or_after(timer.deadline_), elapsed_ + 1);
  timer.tick_ = tick;
  const auto differing = static_cast<uint64_t>(tick ^ elapsed_);
  const int level = (63 - std::countl_zero(differing)) / kBits;
  const int slot = static_cast<int>((tick >> (level * kBits)) & (kSlots - 1));
  timer.slot_ = static_cast<uint16_t>(level * kSlots + slot);
  Timer*& head = slots_[timer.slot_];
  timer.next_ = head;
  timer.link_ = &head;
  if (head != nullptr) head->link_ = &timer.next_;
  head = &timer;
  occupied_[level] |= uint64_t{1} << slot;
}

TimerWheel::Next TimerWheel::next() const {
  for (int level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const int slot = std::countr_zero(occupied_[level]);
    const int shift = level * kBits;
    const int64_t base = (elapsed_ >> (shift + kBits)) << (shift + kBits);
    return {level, slot, base + (int64_t{slot} << shift)};
  }
  return {};
}

void TimerWheel::expire(const Next& next) {
  elapsed_ = std::max(elapsed_, next.tick);
  const int index = next.level * kSlots + next.slot;
  Timer* list = slots_[index];
  slots_[index] = nullptr;
  occupied_[next.level] &= ~(uint64_t{1} << next.slot);
  while (list != nullptr) {
    Timer* timer = list;
    list = timer->next_;
    timer->link_ = nullptr;
    timer->next_ = nullptr;
    if (timer->deadline_ > now_) {
      insert(*timer);  // a higher level's slot, or armed for later meanwhile
      continue;
    }
    timer->slot_ = UINT16_MAX;
    timer->next_ = due_;
    timer->link_ = &due_;
    if (due_ != nullptr) due_->link_ = &timer->next_;
    due_ = timer;
  }
}

void TimerWheel::advance(Instant now) {
  WG_ASSERT(now >= now_, "time went back");
  now_ = now;
  const int64_t now_tick = now.time_since_epoch() / kTick;
  for (Next n = next(); n.level >= 0 && n.tick <= now_tick; n = next()) {
    expire(n);
    while (due_ != nullptr) {
      Timer* timer = due_;
      if (timer->deadline_ > now_) {  // armed for later by a callback of this very loop
        timer->unlink();
        insert(*timer);
        continue;
      }
      timer->disarm();
      auto callback = timer->callback_;  // a copy: the callback may destroy the timer
      callback();
    }
  }
  elapsed_ = std::max(elapsed_, now_tick);
}

Instant TimerWheel::next_deadline() const {
  const Next n = next();
  if (n.level < 0) return kNever;
  return Instant(n.tick * kTick);
}

}  // namespace warmgate::net
