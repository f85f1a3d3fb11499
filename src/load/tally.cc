#include "load/tally.h"

namespace warmgate::load {
namespace {

// The entry of that name, or of "(other)" when there are too many.
template <class Map>
typename Map::mapped_type& bounded_entry(Map& map, std::string_view name) {
  const auto found = map.find(name);
  if (found != map.end()) return found->second;
  return map[map.size() < Tally::kMaxLabels ? std::string(name) : "(other)"];
}

}  // namespace

void Tally::add(const Outcome& outcome) {
  ++arrivals_;
  ++endings_[static_cast<size_t>(outcome.ending)];
  if (outcome.ending == Ending::abandoned) return;  // nobody knows what would have come
  const bool good = outcome.ending == Ending::ok;
  const bool served = good || outcome.ending == Ending::wrong;
  if (!good || outcome.latency > slo_) ++over_slo_;
  if (outcome.ending == Ending::not_sent) return;

  lag_.record(outcome.lag);
  if (served || outcome.ending == Ending::timed_out) latency_.record(outcome.latency);
  if (!answered(outcome.ending)) return;

  if (!served) refusal_latency_.record(outcome.latency);
  if (!outcome.reason.empty()) ++bounded_entry(reasons_, outcome.reason);
  const bool cold = served && outcome.saw_cold_start();
  cold_starts_ += cold;
  late_cold_starts_ += cold && outcome.latency > slo_;
  checked_ += outcome.check.checked;
  rows_ += outcome.check.rows;
  rows_true_ += outcome.check.rows_true;
  if (outcome.pool.empty()) return;
  Pool& pool = bounded_entry(pools_, outcome.pool);
  ++pool.answers;
  pool.cold_starts += cold;
  if (served) pool.latency.record(outcome.latency);
}

uint64_t Tally::answers() const {
  uint64_t sum = 0;
  for (size_t i = 0; i < kEndings; ++i) {
    if (answered(static_cast<Ending>(i))) sum += endings_[i];
  }
  return sum;
}

uint64_t Tally::errors() const {
  return arrivals_ - count(Ending::ok) - count(Ending::wrong) - count(Ending::abandoned);
}

}  // namespace warmgate::load
