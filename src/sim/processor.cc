#include "sim/processor.h"

#include <algorithm>
#include <limits>

namespace warmgate::sim {
namespace {

constexpr double kRounding = 0.5;  // nanoseconds of work that count as none

double nanoseconds(Duration d) {
  return static_cast<double>(d.count());
}

}  // namespace

Processor Processor::exclusive() {
  return {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), 0};
}

Processor Processor::shared(double vcpus) {
  return {vcpus, vcpus, 0};
}

Processor Processor::shared_core(double vcpus, double sustained, Duration full_burst) {
  WG_ASSERT(sustained < vcpus, "a shared-core machine bursts above what it sustains");
  return {vcpus, sustained, (vcpus - sustained) * nanoseconds(full_burst)};
}

void Processor::add(Instant now, uint32_t job, double work) {
  advance(now);
  if (jobs_.empty()) progress_ = 0;
  jobs_.push_back({progress_ + work, job, ++order_});
  std::push_heap(jobs_.begin(), jobs_.end(), later);
  set_rate();
}

void Processor::remove(Instant now, uint32_t job) {
  advance(now);
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [job](const Job& j) { return j.slot == job; });
  WG_ASSERT(found != jobs_.end(), "only a job at work can be removed");
  jobs_.erase(found);
  std::make_heap(jobs_.begin(), jobs_.end(), later);
  set_rate();
}

void Processor::clear(Instant now) {
  advance(now);
  jobs_.clear();
  set_rate();
}

bool Processor::take_done(Instant now, uint32_t& job) {
  advance(now);
  if (jobs_.empty() || jobs_.front().due > progress_ + kRounding) {
    set_rate();  // the bucket may have run empty
    return false;
  }
  job = jobs_.front().slot;
  std::pop_heap(jobs_.begin(), jobs_.end(), later);
  jobs_.pop_back();
  set_rate();
  return true;
}

Instant Processor::next() const {
  if (jobs_.empty()) return kNever;
  double after = std::max(0.0, jobs_.front().due - progress_);
  if (rate_ != 1) after /= rate_;
  if (most_credits_ > 0 && use_ > sustained_) {
    after = std::min(after, credits_ / (use_ - sustained_));
  }
  const auto whole = static_cast<int64_t>(after);
  return at_ + Duration(static_cast<double>(whole) < after ? whole + 1 : whole);
}

double Processor::used_vcpu_s(Instant now) {
  advance(now);
  return used_ * 1e-9;
}

double Processor::credits_s(Instant now) {
  advance(now);
  set_rate();
  return credits_ * 1e-9;
}

void Processor::settle_credits(double passed) {
  credits_ = std::clamp(credits_ + (sustained_ - use_) * passed, 0.0, most_credits_);
  if (credits_ < kRounding) credits_ = 0;
}

}  // namespace warmgate::sim
