// Requests per second of CPU time of the simulator with warmgate's own policy: a workload of
// exponential gaps at RATE per second for REQUESTS requests. `sim_bench [REQUESTS [RATE]]` prints
// one line.
#include <cstdio>
#include <cstdlib>
#include <ctime>

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

// The least that a policy can do, so that the simulator's own time shows.
class AtOnce : public policy::Dispatcher {
 public:
  void step(Instant, const policy::Event& event, policy::Actions& out) override {
    if (const auto* arrived = std::get_if<policy::RequestArrived>(&event)) {
      out.push_back(policy::StartAttempt{
          arrived->request, policy::AttemptId{++attempts_}, {}, policy::Reason::cold});
    } else if (const auto* answered = std::get_if<policy::AttemptFirstByte>(&event)) {
      out.push_back(policy::Commit{answered->attempt});
    }
  }
  void check_invariants() const override {}
  policy::ServiceStatus status(Instant) const override { return {}; }

 private:
  uint64_t attempts_ = 0;
};

void run(const char* name, policy::Dispatcher& dispatcher, const World& world,
         const workload::Workload& workload) {
  const std::clock_t began = std::clock();  // CPU time: other processes do not count
  const Figures figures = simulate(world, workload, dispatcher, 1);
  const double took_s = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  const auto requests = static_cast<double>(workload.size());
  std::printf(
      "%-9s %.0f requests/s, %.0f ns each in %.2f steps; serverless %.3f, violations %llu\n", name,
      requests / took_s, 1e9 * took_s / requests, static_cast<double>(figures.steps) / requests,
      figures.serverless_share, static_cast<unsigned long long>(figures.violations()));
}

void run(uint64_t requests, double rate) {
  World world;
  world.always_on.slots = 2;
  world.serverless.concurrency = 4;
  world.serverless.share_cores = false;
  const workload::Workload workload = random_workload(requests, rate);
  AtOnce at_once;
  run("at once", at_once, world, workload);
  const auto dispatcher = policy::make_warmgate_dispatcher(settings_for(world), 1);
  run("warmgate", *dispatcher, world, workload);
}

}  // namespace
}  // namespace warmgate::sim

int main(int argc, char** argv) {
  const uint64_t requests = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const double rate = argc > 2 ? std::strtod(argv[2], nullptr) : 50;
  warmgate::sim::run(requests, rate);
  return 0;
}
