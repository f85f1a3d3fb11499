// The platform's rules as settings. Every default is Cloud Run's, from its documentation and price
// list as read 2026-08 to 2026-10, unless a line says otherwise; all of them are flags.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "billing/prices.h"

namespace warmgate::serverless {

struct PoolSettings {
  uint32_t concurrency = 80;  // requests at a time per instance, 1..1'000; never exceeded
  uint32_t max_instances =
      10;                      // 1..1'000, those that are stopping not counted; ours: fits a laptop
  uint32_t min_instances = 0;  // kept alive without requests, at most max_instances

  // Scale-out: enough instances that the mean number of requests over `scale_window` is at most
  // this share of the concurrency. Waiting requests start instances at once, whatever the mean.
  double target_utilisation = 0.6;  // (0, 1]
  Duration scale_window = 60s;

  // An instance without a request ends after a time drawn evenly from [idle_least, idle_limit].
  // The platform promises only the upper end ("up to 15 minutes, at any time"; 10 with a GPU).
  Duration idle_limit = 15min;
  Duration idle_least = Duration(15min) / 2;

  Duration start_delay = 0s;     // ours: stands for image pull and model load, before the process
  Duration start_jitter = 0s;    // ours: up to this much is added to start_delay, drawn evenly
  Duration start_limit = 4min;   // from process start to the first good probe; then it is killed
  Duration probe_period = 20ms;  // ours: pause between two start-up probes

  // A request waits for an instance at most max(wait_factor x mean start time, wait_least): 429.
  double wait_factor = 3.5;
  Duration wait_least = 10s;
  uint32_t max_waiting = 10'000;  // ours: a bound on the queue; beyond it 429 at once

  Duration request_limit = 300s;  // from arrival to the end of the response, at most 3600 s; 504
  Duration stop_grace = 10s;      // from SIGTERM to SIGKILL
  bool throttle_idle = false;     // withhold the CPU from idle instances (request-based billing)
};

struct MeterSettings {
  double vcpus = 1;
  double memory_gib = 0.5;
  Duration granularity = 100ms;  // a billed interval is rounded up to a multiple of this
  bool gpu = false;              // billed with the whole life of an instance
  billing::Prices prices;
  bool use_free_tier = false;  // ours: off, so that a short run shows its cost
  billing::FreeTier free_tier;
};

}  // namespace warmgate::serverless
