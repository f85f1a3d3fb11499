#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// RetryBudget limits extra attempts (retries, or bypasses) to a share of recent first attempts, so
// that a failing backend is not hit harder because it is failing.
//
// Model.    Token bucket: a first attempt deposits `share`, an extra one withdraws 1. A reserve is
//           there from the start and grows back with time, so that a small service, or the crash
//           of one instance with all its requests, does not find it empty.
// Units.    Tokens are thousandths of an attempt.
// Bounds.   0 <= balance <= 2 * reserve; O(1), no allocation. Over any time t with n first attempts
//           at most 2 * reserve + share * n + refill * t extra attempts.
// Source.   gRPC A6 retry throttling; Finagle RetryBudget (min retries per second).
class RetryBudget {
 public:
  struct Reserve {
    uint32_t attempts = 10;
    double refill_per_s = 1;  // up to the reserve, never beyond it
  };

  RetryBudget(double share, Reserve reserve)
      : reserve_(int64_t{reserve.attempts} * kToken),
        refill_per_s_(reserve.refill_per_s * kToken),
        balance_(reserve_) {
    set_share(share);
  }

  // A share of 0 switches extra attempts off.
  void set_share(double share) {
    deposit_ = static_cast<int64_t>(std::clamp(share, 0.0, 1.0) * kToken);
  }

  void deposit(Instant now) {
    refill(now);
    balance_ = std::min(balance_ + deposit_, std::max(balance_, 2 * reserve_));
  }
  bool can_withdraw(Instant now) {
    refill(now);
    return deposit_ > 0 && balance_ >= kToken;
  }
  bool withdraw(Instant now) {
    if (!can_withdraw(now)) return false;
    balance_ -= kToken;
    return true;
  }

  double attempts_left() const {
    return deposit_ > 0 ? static_cast<double>(balance_) / kToken : 0.0;
  }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(reserve_, refill_per_s_, balance_, deposit_, last_);
  }

 private:
  static constexpr int64_t kToken = 1'000;

  void refill(Instant now) {
    if (last_ == Instant{}) last_ = now;
    const auto grown = static_cast<int64_t>(to_seconds(now - last_) * refill_per_s_);
    if (grown == 0) return;  // keep the fraction for the next time
    last_ = now;
    if (balance_ < reserve_) balance_ = std::min(reserve_, balance_ + grown);
  }

  int64_t reserve_;
  double refill_per_s_;
  int64_t balance_;
  int64_t deposit_ = 0;
  Instant last_{};
};

}  // namespace warmgate::policy
