#include "sim/recorder.h"

#include <algorithm>

#include "base/assert.h"
#include "sim/capacity.h"

namespace warmgate::sim {
namespace {

constexpr uint32_t kMostBins = 10'000;

}  // namespace

Recorder::Recorder(const World& world, Instant began, Duration length, uint32_t bins)
    : world_(world), began_(began) {
  WG_ASSERT(bins <= kMostBins, "a timeline has at most 10,000 bins");
  if (bins == 0) return;
  figures_.timeline.width = std::max<Duration>(length / bins, 1ms) + Duration(1);
  figures_.timeline.bins.resize(bins);
}

void Recorder::request_began(Instant now) {
  ++figures_.requests;
  if (!figures_.timeline.bins.empty()) ++figures_.timeline.bins[bin_of(now)].arrivals;
}

void Recorder::request_ended(Instant now, const RequestEnd& end) {
  bool violated = true;
  switch (end.how) {
    case RequestEnd::How::answered:
      ++figures_.answered;
      figures_.latency.record(end.latency);
      by_serverless_ += end.by_serverless ? 1 : 0;
      violated = end.latency > world_.slo;
      if (violated) ++figures_.late;
      break;
    case RequestEnd::How::refused:
      ++figures_.refused;
      if (end.low_priority) ++figures_.refused_low_priority;
      break;
    case RequestEnd::How::failed:
      ++figures_.failed;
      break;
  }
  bool seen = end.saw_start;
  if (violated) {
    const ViolationCause cause = cause_of(end);
    ++figures_.violations_by_cause[static_cast<size_t>(cause)];
    seen |= cause == ViolationCause::start;
    if (seen) ++figures_.cold_starts_late;
    if (!figures_.timeline.bins.empty()) ++figures_.timeline.bins[bin_of(now)].violations;
  }
  if (seen) ++figures_.cold_starts_seen;
}

ViolationCause Recorder::cause_of(const RequestEnd& end) const {
  if (end.how == RequestEnd::How::failed) return ViolationCause::failed;
  if (quickest_answer(world_, end.service) > world_.slo) return ViolationCause::impossible;
  const bool held = end.waited || end.how == RequestEnd::How::refused;
  if (end.saw_start || (held && end.start_under_way)) return ViolationCause::start;
  if (end.how == RequestEnd::How::refused) return ViolationCause::refused;
  return end.waited ? ViolationCause::queued : ViolationCause::slow;
}

void Recorder::forget_counts() {
  Figures fresh;
  fresh.timeline = std::move(figures_.timeline);
  figures_ = std::move(fresh);
  by_serverless_ = 0;
}

// ---- gauges

void Recorder::change_level(Instant now, Gauge gauge, int change) {
  Level& level = levels_[static_cast<size_t>(gauge)];
  if (level.value != 0 && now > began_) {
    spread(gauge, std::max(level.since, began_), now, static_cast<double>(level.value));
  }
  level.value += change;
  level.since = now;
}

size_t Recorder::bin_of(Instant at) const {
  const auto bin = static_cast<size_t>((at - began_) / figures_.timeline.width);
  return std::min(bin, figures_.timeline.bins.size() - 1);
}

void Recorder::spread(Gauge gauge, Instant from, Instant to, double value) {
  std::vector<Timeline::Bin>& bins = figures_.timeline.bins;
  for (size_t i = bin_of(from); from < to; ++i) {
    const bool last = i + 1 >= bins.size();
    const Instant end =
        last ? to : std::min(to, began_ + static_cast<int64_t>(i + 1) * figures_.timeline.width);
    cell(bins[std::min(i, bins.size() - 1)], gauge) += value * to_seconds(end - from);
    from = end;
  }
}

double& Recorder::cell(Timeline::Bin& bin, Gauge gauge) const {
  switch (gauge) {
    case Gauge::always_on:
      return bin.always_on_in_flight;
    case Gauge::serverless:
      return bin.serverless_in_flight;
    case Gauge::instances:
      return bin.instances;
    case Gauge::queued:
      break;
  }
  return bin.queued;
}

void Recorder::finish(Instant now) {
  for (size_t i = 0; i < kGauges; ++i) {
    const Level& level = levels_[i];
    if (level.value != 0) {
      spread(static_cast<Gauge>(i), std::max(level.since, began_), now,
             static_cast<double>(level.value));
    }
  }
  const double width = to_seconds(figures_.timeline.width);
  for (Timeline::Bin& bin : figures_.timeline.bins) {
    for (size_t i = 0; i < kGauges; ++i) cell(bin, static_cast<Gauge>(i)) /= width;
  }
  if (figures_.answered > 0) {
    figures_.serverless_share =
        static_cast<double>(by_serverless_) / static_cast<double>(figures_.answered);
  }
}

}  // namespace warmgate::sim
