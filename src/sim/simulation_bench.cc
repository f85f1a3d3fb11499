// Requests per second of the simulator with warmgate's own policy: a workload of exponential gaps
// at RATE per second for REQUESTS requests. `sim_bench [REQUESTS [RATE]]` prints one line.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "sim/simulation.h"

namespace warmgate::sim {
namespace {

workload::Workload random_workload(uint64_t requests, double rate) {
  Prng prng(1);
  workload::Workload workload;
  double at_s = 0;
  for (uint64_t i = 0; i < requests; ++i) {
    at_s += prng.exponential(1 / rate);
    workload.push_back({.at = from_seconds(at_s),
                        .service = from_seconds(0.005 + prng.exponential(0.015)),
                        .bytes = 1'000});
  }
  return workload;
}

void run(uint64_t requests, double rate) {
  World world;
  world.always_on.slots = 2;
  world.serverless.concurrency = 4;
  world.serverless.share_cores = false;
  const workload::Workload workload = random_workload(requests, rate);
  const auto dispatcher = policy::make_warmgate_dispatcher(settings_for(world), 1);
  const auto began = std::chrono::steady_clock::now();
  const Figures figures = simulate(world, workload, *dispatcher, 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      "%.0f requests/s, %.2f steps/request, %.0f ns/step, %.3f serverless, %llu violations\n",
      static_cast<double>(requests) / took.count(),
      static_cast<double>(figures.steps) / static_cast<double>(requests),
      1e9 * took.count() / static_cast<double>(figures.steps), figures.serverless_share,
      static_cast<unsigned long long>(figures.violations()));
}

}  // namespace
}  // namespace warmgate::sim

int main(int argc, char** argv) {
  const uint64_t requests = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const double rate = argc > 2 ? std::strtod(argv[2], nullptr) : 50;
  warmgate::sim::run(requests, rate);
  return 0;
}
