// Timers for many connections: a hierarchical timing wheel.
//
// Source.   Varghese and Lauck 1987; slots chosen by the highest bit in which the expiry differs
//           from the present, as in tokio's wheel, so that no slot ever wraps.
// Units.    Ticks of 1 ms. A timer never fires early, and at most one tick late by the wheel.
// Cost.     arm and disarm O(1). Arming an armed timer for later only notes the new deadline: the
//           wheel finds out when the old one passes. So a time limit on every read is nearly free.
// Bounds.   None: the levels reach 2^48 ms, farther than any Instant.
// Thread.   Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "base/time.h"

namespace warmgate::net {

class TimerWheel;

// Fires its callback once per arm(). Destruction disarms; a callback may destroy its own timer.
class Timer {
 public:
  Timer(TimerWheel& wheel, std::function<void()> callback)
      : wheel_(wheel), callback_(std::move(callback)) {}
  ~Timer() { disarm(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm(Instant deadline);  // replaces an earlier deadline; kNever disarms
  void arm_after(Duration delay);
  void disarm() {
    deadline_ = kNever;
    unlink();
  }
  bool armed() const { return deadline_ != kNever; }
  Instant deadline() const { return deadline_; }

 private:
  friend class TimerWheel;
  void unlink();

  TimerWheel& wheel_;
  std::function<void()> callback_;
  Instant deadline_ = kNever;  // what the owner asked for
  int64_t tick_ = 0;           // where the wheel has it; never later than deadline_
  Timer* next_ = nullptr;
  Timer** link_ = nullptr;  // the pointer that points here; nullptr when not in the wheel
  uint16_t slot_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(Instant now);

  Instant now() const { return now_; }
  // Moves time forward and fires what is due. Time never goes back.
  void advance(Instant now);
  // When advance() must be called at the latest; kNever when nothing is armed.
  Instant next_deadline() const;

 private:
  friend class Timer;
  static constexpr int kLevels = 8;
  static constexpr int kBits = 6;
  static constexpr int kSlots = 1 << kBits;
  struct Next {
    int level = -1;
    int slot = 0;
    int64_t tick = 0;
  };

  void insert(Timer& timer);
  Next next() const;
  void expire(const Next& next);

  Instant now_;
  int64_t elapsed_;  // ticks; every timer in the wheel is at or after it
  std::array<uint64_t, kLevels> occupied_{};
  std::array<Timer*, kLevels * kSlots> slots_{};
  Timer* due_ = nullptr;  // taken out of the wheel, about to fire
};

}  // namespace warmgate::net
