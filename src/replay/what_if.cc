#include "replay/what_if.h"

#include <algorithm>

#include "base/prng.h"
#include "policy/dispatcher.h"
#include "workload/request.h"

namespace warmgate::replay {
namespace {

using policy::PoolKind;
using recording::History;
using recording::PastRequest;
using recording::quantile;

constexpr Duration kShortest = 1us;  // a service time is above zero

// How long things took, by what was measured.
struct Measured {
  std::vector<Duration> always_on, serverless;  // ascending
  double serverless_speed = 1;

  explicit Measured(const History& history)
      : always_on(history.service_times(PoolKind::always_on)),
        serverless(history.service_times(PoolKind::serverless)) {
    if (always_on.empty() || serverless.empty()) return;
    const Duration there = std::max(kShortest, quantile(serverless, 0.5));
    serverless_speed = to_seconds(quantile(always_on, 0.5)) / to_seconds(there);
    if (serverless_speed <= 0) serverless_speed = 1;
  }
  bool empty() const { return always_on.empty() && serverless.empty(); }

  // On the always-on pool, whichever gave the answer.
  Duration as_always_on(Duration took, PoolKind pool) const {
    const double factor = pool == PoolKind::serverless ? serverless_speed : 1;
    return std::max(kShortest, from_seconds(to_seconds(took) * factor));
  }
  Duration draw(Prng& prng) const {
    const uint64_t at = prng.below(always_on.size() + serverless.size());
    return at < always_on.size()
               ? as_always_on(always_on[at], PoolKind::always_on)
               : as_always_on(serverless[at - always_on.size()], PoolKind::serverless);
  }
};

workload::Workload workload_of(const History& history, const Measured& measured, uint64_t seed,
                               uint64_t& drawn) {
  Prng prng(seed);
  workload::Workload workload;
  for (const PastRequest& past : history.requests) {
    if (!past.here) continue;  // nobody would have sent it anywhere
    workload::Request request;
    request.at = past.at - history.requests.front().at;
    const bool known = past.end == PastRequest::End::answered && !past.saw_start;
    drawn += known ? 0 : 1;
    request.service = known ? measured.as_always_on(past.service, past.pool) : measured.draw(prng);
    request.bytes = static_cast<uint32_t>(std::min<uint64_t>(past.arrived.bytes, UINT32_MAX));
    request.low_priority = past.arrived.priority == policy::Priority::low;
    request.heavy = past.arrived.heavy;
    request.key = past.arrived.key;
    workload.push_back(request);
  }
  return workload;
}

sim::World world_of(const History& history, const Measured& measured,
                    const policy::ServiceSettings& settings, Duration slo) {
  sim::World world;
  world.slo = slo;
  world.slo_first_byte = settings.slo_first_byte;
  world.always_on.backends = settings.always_on.backends;
  world.always_on.slots = settings.always_on.concurrency;
  world.always_on.share_cores = false;  // the measured times have the sharing in them
  world.always_on.machine.usd_per_hour = 0;
  sim::ServerlessModel& serverless = world.serverless;
  serverless.max_instances =
      settings.serverless.backends == 0 ? 0 : settings.serverless.max_instances;
  serverless.concurrency = settings.serverless.concurrency;
  serverless.speed = measured.serverless_speed;
  serverless.share_cores = false;
  serverless.scales_by_cpu = false;  // a recording knows of requests only
  serverless.billing = settings.serverless.billing;
  serverless.idle_limit = settings.serverless.idle_lifetime;
  serverless.idle_least = settings.serverless.idle_lifetime / 2;
  serverless.round_trip = Duration{};  // likewise in the measured times
  const Duration typical = quantile(history.starts, 0.5);
  serverless.start =
      typical == Duration{}
          ? sim::StartTime::fixed(settings.serverless.expected_cold_start)
          : sim::StartTime::lognormal(typical, std::max(typical, quantile(history.starts, 0.99)));
  return world;
}

}  // namespace

Result<WhatIf> what_if(const History& history, const policy::ServiceSettings& recorded,
                       const policy::ServiceSettings& otherwise, const plan::Policy& policy,
                       uint64_t seed) {
  const Measured measured(history);
  if (history.requests.empty() || measured.empty()) {
    return Error{
        "the recording has no good answer, so that nothing is known of service times; take one of "
        "a time with traffic"};
  }
  WhatIf result;
  result.serverless_speed = measured.serverless_speed;
  const workload::Workload workload = workload_of(history, measured, seed, result.drawn);
  policy::ServiceSettings others = otherwise;
  if (!policy.uses_always_on()) others.always_on.backends = 0;
  if (!policy.uses_serverless()) others.serverless.backends = 0;
  // Both are held against the same limit: the one that users had.
  const auto run = [&](const policy::ServiceSettings& settings, policy::Dispatcher& dispatcher) {
    return sim::simulate(world_of(history, measured, settings, recorded.slo), workload, dispatcher,
                         seed);
  };
  result.as_recorded = run(recorded, *policy::make_warmgate_dispatcher(recorded, seed));
  result.otherwise =
      run(others, *plan::make_dispatcher(policy, policy.choices.front(), others, seed));
  return result;
}

}  // namespace warmgate::replay
