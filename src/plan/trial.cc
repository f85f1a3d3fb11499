#include "plan/trial.h"

#include <algorithm>

#include "sim/oracle.h"
#include "sim/simulation.h"

namespace warmgate::plan {
namespace {

// The same for all policies at a size, but for crashes of machines that a policy does not have.
std::vector<sim::Fault> faults_for(const Inputs& inputs, const Trial& trial, size_t i) {
  const double rate = inputs.faults_per_day;
  const sim::AlwaysOnModel model{.machine = trial.size.machine,
                                 .backends = std::max<uint16_t>(trial.size.machines, 1)};
  auto faults = sim::draw_faults({rate, rate, rate, rate}, model, inputs.workload(i).back().at,
                                 inputs.seed + i);
  if (trial.used_size().machines == 0) {
    std::erase_if(faults, [](const sim::Fault& fault) {
      return fault.kind == sim::FaultKind::always_on_crash;
    });
  }
  return faults;
}

}  // namespace

bool better(const Outcome& a, const Outcome& b, double target) {
  const bool a_meets = a.meets(target), b_meets = b.meets(target);
  if (a_meets != b_meets) return a_meets;
  const uint64_t a_broken = a.figures.violations(), b_broken = b.figures.violations();
  if (!a_meets && a_broken != b_broken) return a_broken < b_broken;
  if (a.usd() != b.usd()) return a.usd() < b.usd();
  return a_broken < b_broken;
}

Trial trial_of(const Inputs& inputs, const Policy& policy, size_t choice, const Size& size) {
  const sim::ServerlessModel& serverless = inputs.world.serverless;
  return {&policy, choice, size, serverless.vcpus, serverless.memory_gib, serverless.concurrency};
}

sim::World world_of(const Inputs& inputs, const Trial& trial, size_t i) {
  sim::World world = inputs.world;
  const Size size = trial.used_size();
  world.always_on.machine = size.machine;
  world.always_on.backends = size.machines;
  world.always_on.slots = size.slots;
  world.always_on.share_cores = !size.machine.gpu;
  world.serverless.vcpus = trial.vcpus;
  world.serverless.memory_gib = trial.memory_gib;
  world.serverless.concurrency = trial.concurrency;
  if (!trial.policy->uses_serverless()) world.serverless.max_instances = 0;
  if (inputs.faults_per_day > 0) world.faults = faults_for(inputs, trial, i);

  const baselines::Alternative* alternative = trial.policy->alternative;
  if (alternative == nullptr) return world;
  const baselines::Platform& platform = alternative->platform;
  if (platform.target_utilisation) {
    world.serverless.target_utilisation = *platform.target_utilisation;
  }
  if (platform.scale_window) world.serverless.scale_window = *platform.scale_window;
  if (platform.hold) world.serverless.wait_least = *platform.hold;
  if (platform.idle_lifetime) {
    world.serverless.idle_limit = world.serverless.idle_least = *platform.idle_lifetime;
  }
  if (alternative->choice_is_min_instances) {
    world.serverless.min_instances = static_cast<uint32_t>(trial.chosen().value);
  }
  return world;
}

policy::ServiceSettings settings_of(const Inputs& inputs, const sim::World& world) {
  const policy::ServiceSettings facts = sim::settings_for(world);
  if (inputs.service() == nullptr) return facts;
  policy::ServiceSettings settings = inputs.service()->policy;
  settings.slo = facts.slo;
  settings.slo_first_byte = facts.slo_first_byte;
  const policy::LimitSettings limit = settings.always_on.limit;
  settings.always_on = facts.always_on;
  settings.always_on.limit = limit;
  settings.health.enabled = facts.health.enabled;
  const bool keep_warm = settings.serverless.keep_warm;
  const Duration keep_warm_interval = settings.serverless.keep_warm_interval;
  const double rental_trust = settings.serverless.rental_trust;
  settings.serverless = facts.serverless;
  settings.serverless.rental_trust = rental_trust;
  settings.serverless.keep_warm = keep_warm;
  settings.serverless.keep_warm_interval = keep_warm_interval;
  return settings;
}

namespace {

sim::Figures run_seed(const Inputs& inputs, const Trial& trial, size_t i,
                      const sim::SimulationOptions& options) {
  const sim::World world = world_of(inputs, trial, i);
  if (trial.policy->kind == Policy::Kind::oracle) {
    return sim::oracle_schedule(world, inputs.workload(i),
                                {.can_release = world.serverless.can_release});
  }
  const uint64_t seed = inputs.seed + i;
  const auto dispatcher =
      make_dispatcher(*trial.policy, trial.chosen(), settings_of(inputs, world), seed);
  return sim::simulate(world, inputs.workload(i), *dispatcher, seed, options);
}

}  // namespace

Outcome run_trial(const Inputs& inputs, const Trial& trial, const std::atomic<bool>* stop,
                  uint32_t bins) {
  sim::SimulationOptions options;
  options.bins = bins;
  options.stop = stop;
  Outcome outcome{trial, run_seed(inputs, trial, 0, options), inputs.impossible};
  options.bins = 0;
  for (size_t i = 1; i < inputs.seeds() && !outcome.figures.stopped; ++i) {
    outcome.figures.add(run_seed(inputs, trial, i, options));
  }
  return outcome;
}

}  // namespace warmgate::plan
