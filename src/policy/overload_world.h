// The steady world that tests of overload begin with.
#pragma once

#include "policy/test_world.h"

namespace warmgate::policy {

inline WorldSettings steady_world() {
  WorldSettings world;
  world.bursty = false;
  world.service.always_on.concurrency = 4;
  world.service.serverless.concurrency = 4;
  world.service.serverless.max_instances = 4;
  world.service_time = 30ms;
  world.start_time = 1s;
  world.idle_lifetime = 8s;
  world.length = 12s;
  world.check_every = 200;
  return world;
}

inline constexpr double kCapacity = 20 / 0.030;  // requests a second, all slots of both pools

}  // namespace warmgate::policy
