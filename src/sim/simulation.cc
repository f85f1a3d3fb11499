#include "sim/simulation.h"

#include "sim/engine.h"

namespace warmgate::sim {

Figures simulate(const World& world, const workload::Workload& workload,
                 policy::Dispatcher& dispatcher, uint64_t seed, const SimulationOptions& options) {
  Engine engine(world, workload, dispatcher, seed, options);
  return engine.run();
}

}  // namespace warmgate::sim
