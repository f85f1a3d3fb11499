#include "sim/world.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "sim/bill.h"
#include "sim/draw.h"

namespace warmgate::sim {
namespace {

constexpr double kZ99 = 2.3263478740408408;  // 99th percentile of the standard normal

double sigma_of(const StartTime::Phase& phase) {
  WG_ASSERT(phase.p50 >= 0s && phase.p99 >= phase.p50, "a 99th percentile is above the median");
  if (phase.p50 == phase.p99) return 0;
  WG_ASSERT(phase.p50 > 0s, "the median of a lognormal phase is positive");
  return std::log(to_seconds(phase.p99) / to_seconds(phase.p50)) / kZ99;
}

}  // namespace

Duration StartTime::draw(Prng& prng) const {
  Duration sum{};
  for (const Phase& phase : phases) {
    const double sigma = sigma_of(phase);
    sum += sigma == 0
               ? phase.p50
               : from_seconds(to_seconds(phase.p50) * std::exp(sigma * standard_normal(prng)));
  }
  return sum;
}

Duration StartTime::mean() const {
  double sum = 0;
  for (const Phase& phase : phases) {
    const double sigma = sigma_of(phase);
    sum += to_seconds(phase.p50) * std::exp(sigma * sigma / 2);
  }
  return from_seconds(sum);
}

Duration StartTime::shortest() const {
  Duration sum{};
  for (const Phase& phase : phases) {
    if (phase.p50 == phase.p99) sum += phase.p50;
  }
  return sum;
}

std::vector<Fault> draw_faults(const FaultRates& rates, const AlwaysOnModel& always_on,
                               Duration span, uint64_t seed) {
  Prng prng(seed);
  std::vector<Fault> faults;
  const auto draw = [&](double per_day, Fault fault, auto&& vary) {
    if (per_day <= 0) return;
    const double mean_gap_s = 86'400 / per_day;
    for (double at_s = prng.exponential(mean_gap_s); at_s < to_seconds(span);
         at_s += prng.exponential(mean_gap_s)) {
      fault.at = from_seconds(at_s);
      fault.length = from_seconds(prng.exponential(to_seconds(rates.mean_length)));
      vary(fault);
      faults.push_back(fault);
    }
  };
  const auto as_it_is = [](Fault&) {};
  if (always_on.backends > 0) {
    draw(rates.always_on_crashes_per_day, {.kind = FaultKind::always_on_crash}, [&](Fault& fault) {
      fault.index = static_cast<uint16_t>(prng.below(always_on.backends));
    });
  }
  draw(rates.instance_crashes_per_day, {.kind = FaultKind::instance_crash}, as_it_is);
  draw(rates.slow_periods_per_day, {.kind = FaultKind::slow, .factor = rates.slow_factor},
       as_it_is);
  draw(rates.partitions_per_day, {.kind = FaultKind::partition}, [&](Fault& fault) {
    fault.pool = prng.chance(0.5) ? policy::PoolKind::serverless : policy::PoolKind::always_on;
  });
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return faults;
}

policy::ServiceSettings settings_for(const World& world) {
  policy::ServiceSettings settings;
  settings.slo = world.slo;
  settings.slo_first_byte = world.slo_first_byte;
  settings.always_on.backends = world.always_on.backends;
  settings.always_on.concurrency = world.always_on.slots;
  settings.serverless.backends = world.serverless.max_instances > 0 ? 1 : 0;
  settings.serverless.concurrency = world.serverless.concurrency;
  settings.serverless.max_instances = std::max(1u, world.serverless.max_instances);
  settings.serverless.billing = world.serverless.billing;
  settings.serverless.usd_per_instance_s = usd_per_instance_s(world.serverless);
  settings.serverless.usd_per_request = usd_per_request(world.serverless);
  settings.serverless.can_release = world.serverless.can_release;
  settings.serverless.expected_cold_start = world.serverless.start.mean();
  settings.serverless.idle_lifetime = world.serverless.idle_limit;
  settings.health.enabled =
      std::any_of(world.faults.begin(), world.faults.end(), [](const Fault& fault) {
        return fault.kind == FaultKind::always_on_crash ||
               (fault.kind == FaultKind::partition && fault.pool == policy::PoolKind::always_on);
      });
  return settings;
}

}  // namespace warmgate::sim
