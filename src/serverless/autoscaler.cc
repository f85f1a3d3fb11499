#include "serverless/autoscaler.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace warmgate::serverless {

Autoscaler::Autoscaler(uint32_t concurrency, double target_utilisation, Duration window)
    : per_instance_(concurrency * target_utilisation),
      bucket_(std::max<Duration>(window / kWindowBuckets, 1ms)) {
  WG_ASSERT(per_instance_ > 0, "the autoscaler's target is a positive number of requests");
}

void Autoscaler::observe(Instant now, uint32_t demand) {
  advance(now);
  demand_ = demand;
}

double Autoscaler::mean_demand(Instant now) {
  advance(now);
  double sum = 0;
  for (double bucket : sums_) sum += bucket;
  // The oldest bucket slides out of the window as the current one fills.
  double oldest = sums_[static_cast<size_t>((current_ + 1) % static_cast<int64_t>(sums_.size()))];
  double filled = static_cast<double>((now.time_since_epoch() - current_ * bucket_).count()) /
                  static_cast<double>(bucket_.count());
  return (sum - oldest * filled) / static_cast<double>((bucket_ * kWindowBuckets).count());
}

uint32_t Autoscaler::wanted(Instant now) {
  // The small allowance keeps a demand of exactly the target from asking for one more.
  return static_cast<uint32_t>(std::ceil(mean_demand(now) / per_instance_ - 1e-9));
}

void Autoscaler::advance(Instant now) {
  if (!begun_) {
    begun_ = true;
    last_ = now;
    current_ = now.time_since_epoch() / bucket_;
    return;
  }
  WG_ASSERT(now >= last_, "time goes forward");
  const int64_t size = static_cast<int64_t>(sums_.size());
  const int64_t target = now.time_since_epoch() / bucket_;
  if (target - current_ > size) {  // a long silence: skip what falls out of the window anyway
    current_ = target - size;
    last_ = Instant(current_ * bucket_);
  }
  while (true) {
    Instant end = std::min(now, Instant((current_ + 1) * bucket_));
    sums_[static_cast<size_t>(current_ % size)] +=
        demand_ * static_cast<double>((end - last_).count());
    last_ = end;
    if (current_ == target) return;
    sums_[static_cast<size_t>(++current_ % size)] = 0;
  }
}

}  // namespace warmgate::serverless
