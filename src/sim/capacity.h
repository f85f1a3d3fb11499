// What the pools of a world can do at most, as the oracle counts it.
#pragma once

#include <algorithm>
#include <cmath>

#include "sim/world.h"

namespace warmgate::sim {

// Seconds of measured service time that a request takes alone.
inline double always_on_speed(const World& world) {
  const AlwaysOnModel& model = world.always_on;
  return model.machine.speed * (model.share_cores ? std::min(1.0, model.machine.vcpus) : 1.0);
}
inline double serverless_speed(const World& world) {
  const ServerlessModel& model = world.serverless;
  return model.speed * (model.share_cores ? std::min(1.0, model.vcpus) : 1.0);
}

// Requests that a backend or an instance works on at full speed.
inline uint32_t always_on_lanes(const World& world) {
  const AlwaysOnModel& model = world.always_on;
  if (!model.share_cores) return model.slots;
  return std::clamp(static_cast<uint32_t>(model.machine.vcpus), 1u, model.slots);
}
inline uint32_t serverless_lanes(const World& world) {
  const ServerlessModel& model = world.serverless;
  if (!model.share_cores) return model.concurrency;
  return std::clamp(static_cast<uint32_t>(model.vcpus), 1u, model.concurrency);
}

// Seconds of measured service time per second, all slots in use.
inline double always_on_rate(const World& world) {
  const AlwaysOnModel& model = world.always_on;
  const double slots = model.slots;
  const double vcpus = model.share_cores ? std::min(slots, model.machine.vcpus) : slots;
  return model.backends * vcpus * model.machine.speed;
}
inline double serverless_rate_per_instance(const World& world) {
  const ServerlessModel& model = world.serverless;
  const double slots = model.concurrency;
  return model.speed * (model.share_cores ? std::min(slots, model.vcpus) : slots);
}

// From its start until what the SLO counts is done, the network included.
inline Duration always_on_answer(const World& world, Duration service) {
  const double share = world.slo_first_byte ? world.first_byte_share : 1;
  return from_seconds(share * to_seconds(service) / always_on_speed(world)) +
         world.always_on.round_trip;
}
inline Duration serverless_answer(const World& world, Duration service) {
  const double share = world.slo_first_byte ? world.first_byte_share : 1;
  return from_seconds(share * to_seconds(service) / serverless_speed(world)) +
         world.serverless.round_trip;
}

// Duration::max() when there is no pool at all.
inline Duration quickest_answer(const World& world, Duration service) {
  Duration quickest = Duration::max();
  if (world.always_on.backends > 0) quickest = always_on_answer(world, service);
  if (world.serverless.max_instances > 0) {
    quickest = std::min(quickest, serverless_answer(world, service));
  }
  return quickest;
}

}  // namespace warmgate::sim
