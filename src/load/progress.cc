#include "load/progress.h"

#include <cstdio>

#include "load/text.h"

namespace warmgate::load {

void Progress::add(const Outcome& outcome) {
  const bool served = outcome.ending == Ending::ok || outcome.ending == Ending::wrong;
  answered_ += answered(outcome.ending);
  wrong_ += outcome.ending == Ending::wrong;
  errors_ += !served && outcome.ending != Ending::abandoned;
  if (served) latency_.record(outcome.latency);
  if (outcome.pool.empty()) return;
  const auto pool = pools_.find(outcome.pool);
  if (pool != pools_.end()) {
    ++pool->second;
  } else if (pools_.size() < Tally::kMaxLabels) {
    pools_.emplace(outcome.pool, 1);
  }
}

std::string Progress::line(Duration elapsed, uint64_t sent, uint64_t in_flight) {
  char head[100];
  std::snprintf(head, sizeof(head), "%5.0f s  sent %llu, in flight %llu | %llu answered",
                to_seconds(elapsed), static_cast<unsigned long long>(sent),
                static_cast<unsigned long long>(in_flight),
                static_cast<unsigned long long>(answered_));
  std::string text = head;
  if (latency_.count() > 0) {
    text += ", p50 " + format_latency(latency_.quantile(0.5)) + ", p99 " +
            format_latency(latency_.quantile(0.99));
  }
  const char* separator = " | ";
  for (const auto& [name, count] : pools_) {
    text += separator + name + " " + std::to_string(count);
    separator = ", ";
  }
  if (errors_ > 0) text += " | errors " + std::to_string(errors_);
  if (wrong_ > 0) text += " | wrong " + std::to_string(wrong_);
  *this = Progress();
  return text;
}

}  // namespace warmgate::load
