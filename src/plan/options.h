// What the user of `warmgate plan` chooses, and what follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "plan/policies.h"
#include "plan/size.h"
#include "sim/world.h"
#include "workload/reader.h"

namespace warmgate::plan {

inline constexpr double kGibPerVcpu = 0.5;  // of an instance, where nobody says otherwise

// As typed; empty = not given.
struct PlanOptions {
  std::string trace;   // a file
  std::string format;  // of the trace; found by its content
  std::string draw;    // a generator instead of a trace
  std::string config;  // a file
  std::optional<Duration> slo;
  std::string service_time;
  std::string cold_start;
  std::string always_on;
  std::optional<double> cpu, memory_gib;
  std::optional<uint32_t> concurrency;
  std::optional<uint32_t> max_instances;
  std::string billing;
  std::optional<bool> release;  // can an instance be asked to end?
  std::string policies = "all";
  double target = 99.9;  // per cent within the SLO
  double scale = 1;      // of the number of requests
  double faults = 0;     // of each kind per day
  uint64_t seed = 1;
  uint32_t seeds = 3;  // from that one on

  std::string json;          // a file, or "-"
  std::string report;        // a folder
  std::string write_config;  // a file
  bool terminal = false;     // standard error is one: show progress
};

struct Inputs {
  workload::Recorded recorded{};
  std::vector<workload::Workload> more{};  // the same, drawn with the next seeds
  sim::World world{};                      // without machines: a trial adds them
  std::vector<Policy> policies{};
  std::optional<Size> size{};  // given: one table. Not given: a search
  uint32_t slots = 0;          // per machine; 0: as the machine has vCPUs
  bool cpu_given = false;      // else a search tries more
  double target = 0.999;
  uint64_t seed = 1;
  double faults_per_day = 0;               // of each kind
  uint64_t impossible = 0;                 // of all seeds, whose service alone exceeds the SLO
  std::optional<config::Config> config{};  // with one service
  std::string source{};                    // what the workload is, for people

  // Requests at work on average, if each were served at once.
  double mean_load() const;
  const workload::Workload& workload() const { return recorded.workload; }
  // A policy is judged by all of them together.
  size_t seeds() const { return 1 + more.size(); }
  const workload::Workload& workload(size_t i) const { return i == 0 ? workload() : more[i - 1]; }
  const config::Service* service() const { return config ? &config->services.front() : nullptr; }
};

// Reads the trace and the configuration. Errors are one sentence for the user.
Result<Inputs> read_inputs(const PlanOptions& options);

}  // namespace warmgate::plan
