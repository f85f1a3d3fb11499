#include "policy/concurrency_limit.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace warmgate::policy {
namespace {

constexpr uint32_t kQuietPart = 8;  // of the slots
constexpr double kMostFall = 0.5;
constexpr double kLeastRise = 1;
constexpr double kRise = 0.125;

// Base-2 logarithm with straight lines between the powers of two: monotone, never more than 0.09
// off, and by the same for both sides of a comparison.
double log2_of(Duration took) {
  const auto nanos = static_cast<uint64_t>(std::max<int64_t>(took.count(), 1));
  const auto whole = static_cast<int>(std::bit_width(nanos)) - 1;
  return whole + (std::ldexp(static_cast<double>(nanos), -whole) - 1);
}

}  // namespace

void ConcurrencyLimit::configure(const LimitSettings& settings, uint32_t slots) {
  if (slots != slots_) *this = ConcurrencyLimit{};
  enabled_ = settings.enabled;
  tolerance_ = settings.tolerance;
  if (slots == slots_ && enabled_) return;
  slots_ = slots;
  quiet_ = std::max(1u, slots / kQuietPart);
  limit_ = slots;
  exact_ = slots;
  measuring_ = false;
}

// A mean that forgets, and the variance around it (West 1979 with a least weight).
void ConcurrencyLimit::take_quiet(Instant now, Duration took) {
  quiet_at_ = now;
  quiet_count_ = std::min(quiet_count_ + 1, kQuietMemory);
  const double weight = 1.0 / quiet_count_;
  const double off = log2_of(took) - quiet_mean_;
  quiet_mean_ += weight * off;
  quiet_variance_ = (1 - weight) * (quiet_variance_ + weight * off * off);
  if (!measuring_ || quiet_count_ < kLeastQuiet) return;
  measuring_ = false;
  measured_ = true;
  set(now, before_);
}

void ConcurrencyLimit::take_full(Instant now, Duration took, Duration slo) {
  if (measuring_) return;
  const double value = log2_of(took);
  const double off = value - full_mean_;
  full_mean_ += off / ++full_count_;
  full_squares_ += off * (value - full_mean_);
  if (full_count_ == window()) judge(now, slo);
}

void ConcurrencyLimit::judge(Instant now, Duration slo) {
  const double variance = full_squares_ / (window() - 1);
  const double ratio = full_mean_ - quiet_mean_ - std::log2(tolerance_);  // in powers of two
  const bool slow = full_mean_ > log2_of(from_seconds(kSlow * to_seconds(slo)));
  const bool known = quiet_count_ >= kLeastQuiet;
  full_count_ = 0;
  full_mean_ = full_squares_ = 0;
  judged_at_ = now;
  if (!enabled_) return;
  if (measured_ && ratio <= 0) quiet_age_ = std::min(2 * quiet_age_, kLastQuietAge);
  measured_ = false;
  if (known && ratio <= 0) return set(now, exact_ + std::max(kLeastRise, kRise * exact_));
  if (limit_ == slots_ && !slow) return;
  if (!known || now - quiet_at_ > quiet_age_) return measure(now);
  const double error = std::sqrt(variance / window() + quiet_variance_ / quiet_count_);
  if (ratio < kLeastDoubt * error) return;
  quiet_age_ = kFirstQuietAge;
  ++lowered_;
  set(now, exact_ * std::max(kMostFall, std::exp2(-ratio)));
}

void ConcurrencyLimit::measure(Instant now) {
  if (limit_ <= quiet_) return;  // it is being measured by what is sent anyway
  measuring_ = true;
  before_ = exact_;
  quiet_count_ = 0;
  quiet_mean_ = quiet_variance_ = 0;
  set(now, quiet_);
}

void ConcurrencyLimit::set(Instant now, double limit) {
  exact_ = std::clamp<double>(limit, 1, slots_);
  const auto whole = static_cast<uint32_t>(exact_);
  if (whole == limit_) return;
  limit_ = whole;
  changed_at_ = now;
}

void ConcurrencyLimit::forget(Instant now) {
  measuring_ = false;
  judged_at_ = now;
  set(now, slots_);
}

bool ConcurrencyLimit::sound() const {
  return slots_ >= 1 && limit_ >= 1 && limit_ <= slots_ && quiet_count_ <= kQuietMemory &&
         full_count_ < window() && exact_ >= 1 && exact_ <= slots_;
}

}  // namespace warmgate::policy
