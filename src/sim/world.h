// World: what is true in a simulation whatever policy runs in it. Two pools with their times,
// prices and faults, and the SLO that requests are held against.
//
// Source.  Each rule of the platform is from its documentation as read 2026-08 to 2026-10, unless a
//          line says "ours". docs/simulator.md has the reasons, and what is not modelled.
#pragma once

#include <cstdint>
#include <vector>

#include "base/prng.h"
#include "base/time.h"
#include "billing/prices.h"
#include "policy/settings.h"
#include "sim/machines.h"

namespace warmgate::sim {

// StartTime is the cold-start time of an instance: from the order until it can serve.
//
// Model.  The sum of its phases (image pull, process start, model load ...), each lognormal by its
//         median and 99th percentile; equal ones mean a fixed length.
struct StartTime {
  struct Phase {
    Duration p50{};
    Duration p99{};  // at least p50
  };
  std::vector<Phase> phases = {{5s, 5s}};

  static StartTime fixed(Duration length) { return {{{length, length}}}; }
  static StartTime lognormal(Duration p50, Duration p99) { return {{{p50, p99}}}; }

  Duration draw(Prng& prng) const;
  Duration mean() const;
  Duration shortest() const;  // no draw is below: the fixed phases
};

// `backends` machines, each with a model server that answers `slots` requests at a time.
struct AlwaysOnModel {
  MachineType machine;
  uint16_t backends = 1;  // 0: there is no such pool
  uint32_t slots = 4;     // per backend, >= 1
  // Beyond the slots the model server's own queue, first come first served; beyond that 503.
  uint32_t backlog = 1'000;
  // More requests at work than vCPUs: each gets an equal share of them. False: a slot is as fast
  // whatever the others do (and a shared-core type is never short of credits).
  bool share_cores = true;
  Duration round_trip{};  // of the network; the gateway usually stands on one of the machines
};

// Which instance of those with room takes the next request. Packing leaves spare instances idle, so
// that they end; the platform does not say what it does, traces of it look like both.
enum class Placement : uint8_t {
  packed,       // the oldest below the scaling target, else the least loaded: as our local runtime
  most_recent,  // the one that was given a request last
  round_robin,
};

struct ServerlessModel {
  uint32_t max_instances = 100;  // 0: there is no such pool
  uint32_t min_instances = 0;    // kept without requests, from the start
  uint32_t concurrency = 80;     // requests at a time per instance; never exceeded
  double vcpus = 1;
  double memory_gib = 0.5;
  bool gpu = false;  // instance-based billing only
  double speed = 1;  // against the machine on which service times were measured
  bool share_cores = true;

  StartTime start;
  // Ours: of a start, this much passes in the container; an instance counts its age from there.
  double process_share = 0.8;

  // A request waits for an instance at most max(wait_factor x mean start time, wait_least): 429.
  double wait_factor = 3.5;
  Duration wait_least = 10s;
  uint32_t max_waiting = 10'000;  // ours: beyond it 429 at once

  // Scale-out: waiting requests start instances at once; further ones so that the mean over
  // `scale_window` of requests, and of vCPUs at work, stays below this share of what there is.
  double target_utilisation = 0.6;
  bool scales_by_cpu = true;
  Duration scale_window = 60s;

  // An idle instance ends after a time drawn evenly from [idle_least, idle_limit]. The platform
  // promises only the upper end: "up to 15 minutes, at any time"; 10 with a GPU.
  Duration idle_limit = 15min;
  Duration idle_least = Duration(15min) / 2;

  Placement placement = Placement::packed;
  // Does an instance end when it is asked to? The one that the platform gives the request to takes
  // no more, finishes what it has, and is gone.
  bool can_release = false;
  bool names_instances = true;  // answers carry `warmgate-instance`
  Duration round_trip = 5ms;    // ours: gateway to the platform and back
  Duration probe_time = 2ms;    // ours: how long a wake or a ping occupies a ready instance

  policy::Billing billing = policy::Billing::request;
  Duration granularity = 100ms;  // a billed interval is rounded up to a multiple of this
  billing::Prices prices;
  bool use_free_tier = false;  // in proportion to the simulated time
  billing::FreeTier free_tier;
};

enum class FaultKind : uint8_t {
  always_on_crash,  // backend `index` loses its requests and refuses connections for `length`
  instance_crash,   // one live instance, by lot, is gone with its requests
  slow,             // work begun on the serverless pool takes `factor` times as long
  partition,        // connections to `pool` fail; those that stand go on
};

struct Fault {
  FaultKind kind = FaultKind::always_on_crash;
  Duration at{};
  Duration length{};
  double factor = 1;                                     // of `slow`
  uint16_t index = 0;                                    // of `always_on_crash`
  policy::PoolKind pool = policy::PoolKind::serverless;  // of `partition`
};

struct World {
  Duration slo = 500ms;
  bool slo_first_byte = false;
  AlwaysOnModel always_on;
  ServerlessModel serverless;

  double first_byte_share = 1;  // of the service time; below 1 for streamed answers
  double service_noise = 0;     // sigma of a lognormal factor with mean 1, drawn for each attempt
  // The gateway's own limit of an attempt, from its start to the first byte.
  Duration first_byte_limit = 240s;
  // Does cancelling an attempt end its work? False: it goes on unseen, and is billed.
  bool cancel_ends_work = true;

  std::vector<Fault> faults;
};

// How often what goes wrong, for worlds that are drawn.
struct FaultRates {
  double always_on_crashes_per_day = 0;
  double instance_crashes_per_day = 0;
  double slow_periods_per_day = 0;
  double partitions_per_day = 0;
  Duration mean_length = 30s;
  double slow_factor = 5;
};

// Poisson faults over `span`, ordered by time.
std::vector<Fault> draw_faults(const FaultRates& rates, const AlwaysOnModel& always_on,
                               Duration span, uint64_t seed);

// What an owner would write into the configuration for this world: the facts of the pools and the
// SLO, everything else by default. Health probes are off where nothing can fail.
policy::ServiceSettings settings_for(const World& world);

}  // namespace warmgate::sim
