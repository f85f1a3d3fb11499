#include "policy/spending.h"

#include <algorithm>

namespace warmgate::policy {

void Spending::configure(const Prices& prices, const BudgetSettings& budget) {
  prices_ = prices;
  limits_ = {budget.hour_usd, budget.day_usd, budget.month_usd};
}

void Spending::add(Instant now, double usd) {
  if (usd == 0) return;
  total_ += usd;
  for (stats::RollingSum& window : windows_) window.add(now, usd);
}

void Spending::account(Instant now) {
  add(now, instances_ * to_seconds(now - accounted_) * prices_.usd_per_instance_s);
  accounted_ = now;
}

// The step of time that an end falls into is paid for to its end, and a beginning within it goes on
// with it.
void Spending::change(Instant now, uint32_t instances) {
  if (instances_ == 0 && instances > 0) {
    const Instant idle_from = std::min(now, billed_until_);
    add(now, to_seconds(idle_from - std::min(accounted_, idle_from)) * prices_.usd_per_instance_s);
    accounted_ = now;
    if (now >= billed_until_) began_ = now;
  } else {
    account(now);
    const Duration open = now - began_;
    if (instances == 0) billed_until_ = began_ + (open + kStep - Duration{1}) / kStep * kStep;
  }
  instances_ = instances;
}

std::optional<BudgetCrossed> Spending::crossing(Instant now) {
  for (size_t i = 0; i < kBudgetWindowCount; ++i) {
    const double usd = limits_[i] > 0 ? windows_[i].sum(now) : 0;
    const bool over = limits_[i] > 0 && usd >= limits_[i];
    if (over == over_[i]) continue;
    over_[i] = over;
    return BudgetCrossed{static_cast<BudgetWindow>(i), over, usd, limits_[i]};
  }
  return std::nullopt;
}

double Spending::spent(Instant now, BudgetWindow window) const {
  stats::RollingSum sum = windows_[static_cast<size_t>(window)];
  return sum.sum(now);
}

}  // namespace warmgate::policy
