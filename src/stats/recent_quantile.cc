#include "stats/recent_quantile.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::stats {
namespace {

// Nearest rank: the smallest index whose share of the samples reaches q.
size_t rank_of(double q, size_t count) {
  const double exact = std::clamp(q, 0.0, 1.0) * static_cast<double>(count);
  const auto below = static_cast<size_t>(exact);
  const size_t rank = below + (static_cast<double>(below) < exact ? 1 : 0);
  return rank == 0 ? 0 : std::min(count, rank) - 1;
}

}  // namespace

RecentQuantile::RecentQuantile(size_t capacity) : capacity_(capacity) {
  WG_ASSERT(capacity > 0, "a window holds at least one sample");
  ring_.reserve(capacity);
  sorted_.reserve(capacity);
}

void RecentQuantile::add(Duration sample) {
  ++samples_;
  const auto to = std::upper_bound(sorted_.begin(), sorted_.end(), sample);
  if (ring_.size() < capacity_) {
    ring_.push_back(sample);
    sorted_.insert(to, sample);
    return;
  }
  const auto from = std::lower_bound(sorted_.begin(), sorted_.end(), ring_[next_]);
  if (from < to) {
    std::move(from + 1, to, from);
    *(to - 1) = sample;
  } else {
    std::move_backward(to, from, from + 1);
    *to = sample;
  }
  ring_[next_] = sample;
  next_ = next_ + 1 == capacity_ ? 0 : next_ + 1;
}

bool RecentQuantile::sound() const {
  std::vector<Duration> sorted = ring_;
  std::ranges::sort(sorted);
  const bool next_is_there = next_ < ring_.size() || next_ == 0;
  return sorted == sorted_ && next_is_there && ring_.size() <= capacity_;
}

Duration RecentQuantile::at(double q, Duration fallback) const {
  if (ring_.empty()) return fallback;
  return sorted_[rank_of(q, sorted_.size())];
}

Duration RecentQuantile::at_above(double q, Duration floor, Duration fallback) const {
  if (ring_.empty()) return fallback;
  const auto first = std::upper_bound(sorted_.begin(), sorted_.end(), floor);
  const auto count = static_cast<size_t>(sorted_.end() - first);
  if (count == 0) return fallback;
  return first[static_cast<std::ptrdiff_t>(rank_of(q, count))];
}

}  // namespace warmgate::stats
