// Worlds of all kinds for property tests, each drawn by its seed.
#pragma once

#include "policy/test_world.h"

namespace warmgate::policy {

inline WorldSettings random_world(uint64_t seed) {
  Prng prng(seed * 7919);
  WorldSettings world;
  ServiceSettings& service = world.service;
  service.always_on.backends = static_cast<uint16_t>(prng.below(4));
  service.serverless.backends = static_cast<uint16_t>(prng.below(8) == 0 ? 0 : 1 + prng.below(2));
  if (service.always_on.backends + service.serverless.backends == 0) service.always_on.backends = 1;
  service.always_on.concurrency = 1 + static_cast<uint32_t>(prng.below(4));
  service.serverless.concurrency = 1 + static_cast<uint32_t>(prng.below(8));
  service.serverless.max_instances = 1 + static_cast<uint32_t>(prng.below(6));
  service.serverless.billing = prng.chance(0.3) ? Billing::instance : Billing::request;
  service.serverless.can_release = prng.chance(0.7);
  service.prefer = prng.chance(0.5) ? Prefer::serverless : Prefer::always_on;
  service.slo = std::chrono::milliseconds(50 + prng.below(1000));
  service.slo_first_byte = prng.chance(0.2);
  service.queue.max_requests = 1 + static_cast<uint32_t>(prng.below(200));
  service.queue.cold_wait = std::chrono::milliseconds(500 + prng.below(10'000));
  service.bypass.enabled = prng.chance(0.8);
  service.circuit.enabled = prng.chance(0.8);
  service.circuit.open_for = 500ms;
  service.heavy.allow_always_on = prng.chance(0.5);
  service.health.enabled = prng.chance(0.8);
  service.wake.enabled = prng.chance(0.9);
  world.length = 6s;
  world.arrivals_per_s = 5 + prng.uniform() * 150;
  world.service_time = std::chrono::milliseconds(2 + prng.below(100));
  world.start_time = std::chrono::milliseconds(50 + prng.below(3000));
  world.idle_lifetime = std::chrono::milliseconds(300 + prng.below(4000));
  world.real_instances = 1 + static_cast<uint32_t>(prng.below(6));
  world.names_instances = prng.chance(0.6);
  world.crashes_per_s = prng.chance(0.5) ? prng.uniform() * 2 : 0;
  world.errors = prng.chance(0.3) ? prng.uniform() * 0.2 : 0;
  world.clients_leave = prng.chance(0.5) ? prng.uniform() * 0.3 : 0;
  world.unrepeatable = prng.chance(0.5) ? prng.uniform() * 0.3 : 0;
  world.low_priority = prng.chance(0.5) ? prng.uniform() : 0;
  world.heavy = prng.chance(0.3) ? prng.uniform() * 0.5 : 0;
  world.impatient = prng.chance(0.5) ? 0.1 : 0;
  world.replay_lost = prng.chance(0.5) ? 0.02 : 0;
  world.drains = prng.chance(0.2);
  world.probe_paths = prng.chance(0.85);
  world.changes_settings = prng.chance(0.2);
  service.queue.fair = prng.chance(0.5);
  world.keys = prng.chance(0.7) ? 1 + static_cast<uint32_t>(prng.below(20)) : 0;
  world.crowd = prng.uniform();
  service.queue.controlled_delay = prng.chance(0.5);
  world.gathers = prng.chance(0.6) ? prng.uniform() : 0;
  world.never_here = prng.chance(0.3) ? prng.uniform() : 0;
  world.body_time = std::chrono::milliseconds(1 + prng.below(1000));
  service.queue.max_gathering = 1 + static_cast<uint32_t>(prng.below(100));
  service.queue.max_gathering_bytes = 100'001 + prng.below(1'000'000);
  service.serverless.keep_warm = prng.chance(0.3);
  service.serverless.keep_warm_interval = std::chrono::milliseconds(prng.below(2000));
  return world;
}

// A world of hours, in which a crowd comes at each full hour, for what is learned of the clock.
inline WorldSettings hourly_world(uint64_t seed) {
  WorldSettings world = random_world(seed);
  Prng prng(seed * 6007);
  world.service.always_on.backends = 1;
  world.service.serverless.backends = 1;
  world.service.wake.enabled = true;
  world.service.wake.learned_hours = prng.chance(0.8);
  world.length = 7h;
  world.arrivals_per_s = 0.02;
  world.bursty = false;
  world.crowd_every = 1h;
  world.crowd_size = 5 + static_cast<uint32_t>(prng.below(60));
  world.service_time = std::chrono::milliseconds(20 + prng.below(200));
  world.idle_lifetime = std::chrono::minutes(1 + prng.below(20));
  world.service.health.interval = 1min;
  world.crashes_per_s = 0;
  world.tells_week = prng.chance(0.7);
  return world;
}

}  // namespace warmgate::policy
