#include "policy/spending.h"

#include <algorithm>

namespace warmgate::policy {

void Spending::configure(const Prices& prices, const BudgetSettings& budget) {
  prices_ = prices;
  limits_ = {budget.hour_usd, budget.day_usd, budget.month_usd};
  limited_ = std::ranges::any_of(limits_, [](double limit) { return limit > 0; });
  if (!limited_) over_.fill(false);
}

// The step of time that an end falls into is paid for to its end, and a beginning within it goes on
// with it.
void Spending::change(Instant now, uint32_t instances) {
  if (instances_ > 0) {
    add_time(now - accounted_, instances_);
    accounted_ = now;
    const Duration open = now - began_;
    if (instances == 0) billed_until_ = began_ + (open + kStep - Duration{1}) / kStep * kStep;
  } else if (instances > 0) {
    const Instant paid_until = std::min(now, billed_until_);
    if (paid_until > accounted_) add_time(paid_until - accounted_, 1);
    accounted_ = now;
    if (now >= billed_until_) began_ = now;
  }
  instances_ = instances;
}

void Spending::settle(Instant now) {
  settled_ = now;
  if (pending_ == 0) return;
  for (stats::RollingSum& window : windows_) window.add(now, pending_);
  total_ += pending_;
  pending_ = 0;
}

std::optional<BudgetCrossed> Spending::find_crossing(Instant now) {
  for (size_t i = 0; i < kBudgetWindowCount; ++i) {
    const double usd = limits_[i] > 0 ? windows_[i].sum(now) + pending_ : 0;
    const bool over = limits_[i] > 0 && usd >= limits_[i];
    if (over == over_[i]) continue;
    over_[i] = over;
    return BudgetCrossed{static_cast<BudgetWindow>(i), over, usd, limits_[i]};
  }
  return std::nullopt;
}

double Spending::spent(Instant now, BudgetWindow window) const {
  stats::RollingSum sum = windows_[static_cast<size_t>(window)];
  return sum.sum(now) + pending_;
}

}  // namespace warmgate::policy
