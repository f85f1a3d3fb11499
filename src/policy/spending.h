#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "policy/events.h"
#include "stats/rolling_sum.h"

namespace warmgate::policy {

// Spending estimates what the serverless pool costs, within the last hour, day and month, and tells
// when that crosses the owner's budget.
//
// Model.    The platform bills instances, by the time that they are at work (or live, with
//           instance-based billing), in steps of kStep, and perhaps each request. How many are at
//           work is the caller's guess; what is free of charge every month is not taken off.
// Units.    USD. A month is 30 days. A limit of 0 is none.
// Bounds.   Fixed size, no allocation; O(1).
// Source.   Cloud Run's billing rules and prices, read 2026-08 to 2026-10.
class Spending {
 public:
  static constexpr Duration kStep = 100ms;

  struct Prices {
    double usd_per_instance_s = 0;
    double usd_per_request = 0;
  };

  void configure(const Prices& prices, const BudgetSettings& budget);

  // From now on so many instances are paid for.
  void paid_instances(Instant now, uint32_t instances) {
    const bool look = now - settled_ >= kLook;
    if (look || instances != instances_) change(now, instances);
    if (look) settle(now);
  }
  void request() { pending_ += prices_.usd_per_request; }

  // A window's spending went over its limit, or came back under it; one crossing at a time.
  std::optional<BudgetCrossed> crossing(Instant now) {
    if (!limited_) return std::nullopt;
    return find_crossing(now);
  }
  bool over() const { return over_[0] || over_[1] || over_[2]; }

  double spent(Instant now, BudgetWindow window) const;
  double total() const { return total_ + pending_; }

  // Every member, in the order of declaration: checkpoints rest on it.
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(prices_, limits_, limited_, windows_, over_, total_, pending_, settled_,
                   instances_, began_, accounted_, billed_until_);
  }

 private:
  static constexpr Duration kLook = 1s;  // what is pending is settled at least this often

  void change(Instant now, uint32_t instances);
  void add_time(Duration time, uint32_t instances) {
    pending_ += instances * to_seconds(time) * prices_.usd_per_instance_s;
  }
  void settle(Instant now);
  std::optional<BudgetCrossed> find_crossing(Instant now);

  Prices prices_;
  std::array<double, kBudgetWindowCount> limits_{};
  bool limited_ = false;
  std::array<stats::RollingSum, kBudgetWindowCount> windows_ = {
      stats::RollingSum(1h), stats::RollingSum(24h), stats::RollingSum(30 * 24h)};
  std::array<bool, kBudgetWindowCount> over_{};
  double total_ = 0;
  double pending_ = 0;  // not in the windows nor the total yet
  Instant settled_{};
  uint32_t instances_ = 0;
  Instant began_{};         // since then at least one is paid for
  Instant accounted_{};     // what is paid for up to here was added
  Instant billed_until_{};  // the last step that was begun ends there
};

}  // namespace warmgate::policy
