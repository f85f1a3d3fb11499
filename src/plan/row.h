// Row: what a plan tells about one policy, in the units that people read; the table, the JSON and
// the report all show these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/search.h"

namespace warmgate::plan {

struct Row {
  std::string policy;
  std::string setting{};   // how it was set up; empty: nothing to choose
  std::string always_on;   // "e2-small x 1", "none"
  std::string instance{};  // of the serverless pool: "1 vCPU, 0.5 GiB, 1 at a time"; empty: none
  uint32_t always_on_slots = 0;
  double vcpus = 0, memory_gib = 0;
  uint32_t concurrency = 0;

  double usd_per_month = 0, always_on_usd = 0, serverless_usd = 0;  // each per month
  double cost_over_oracle = 0;
  uint64_t requests = 0, violations = 0;
  double violations_per_million = 0;
  bool meets_target = false;
  double p50_s = 0, p99_s = 0, p999_s = 0, max_s = 0;
  uint64_t cold_starts_seen = 0, cold_starts_hidden = 0;
  double cold_starts_seen_per_million = 0;
  uint64_t wakes = 0, wakes_useful = 0, wakes_wasted = 0;
  double wakes_usd = 0;                  // per month
  double bypass_share = 0;               // of requests
  double bypass_win_rate = 0;            // of bypasses
  uint64_t shed_low = 0, shed_high = 0;  // refused, by priority
  uint64_t failed = 0;
  double always_on_utilisation = 0;
  double serverless_share = 0;
  bool is_oracle = false;
};

Row row_of(const Found& found, const Plan& plan, double target);
std::vector<Row> rows_of(const Plan& plan, double target);

}  // namespace warmgate::plan
