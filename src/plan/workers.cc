#include "plan/workers.h"

#include <thread>

namespace warmgate::plan {

void run_all(const std::vector<std::function<void()>>& tasks) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < tasks.size(); i = next++) tasks[i]();
  };
  const std::jthread other(work);
  work();
}

void Progress::trial_done(uint64_t requests) {
  const std::lock_guard lock(mutex_);
  ++trials_;
  requests_ += requests;
  if (out_ == nullptr) return;
  *out_ << "\rsimulated " << trials_;
  if (expected_ > 0) *out_ << " of " << expected_;
  *out_ << " configurations, " << static_cast<double>(requests_ / 100'000) / 10
        << " million requests " << std::flush;
}

Progress::~Progress() {
  if (out_ != nullptr && trials_ > 0) *out_ << "\r\x1b[K" << std::flush;
}

}  // namespace warmgate::plan
