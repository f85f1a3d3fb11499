// What the demo found out: the same figures for each of three ways, as a table and as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "load/tally.h"

namespace warmgate::demo {

// List price of an e2-medium in us-central1, read 2026-08 to 2026-10: one core, sustained, which
// is what the always-on server uses.
inline constexpr double kVmUsdPerHour = 0.033506;

// By the rules of the platform, as `warmgate serverless` counts them.
struct Bill {
  double seconds = 0;  // of instance time
  double usd = 0;
};

struct ArmResult {
  uint64_t requests = 0, ok = 0, wrong = 0, errors = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
  uint64_t over_slo = 0;
  // A user sees a cold start in an answer that is later than the SLO, from an instance that began
  // while the request waited. Such an answer within the SLO is counted beside it: nobody sees it.
  uint64_t cold_starts_seen = 0;
  uint64_t cold_starts_unseen = 0;
  double serverless_seconds = 0;
  double usd = 0;  // serverless, and the always-on machine's share of its hour
};

ArmResult make_result(const load::Tally& tally, const Bill& serverless, Duration always_on);

struct DemoResult {
  Duration slo{};
  ArmResult always_on_only{}, serverless_only{}, warmgate{};
};

std::string result_json(const DemoResult& result);
std::string result_table(const DemoResult& result);

// What the table says, in a few sentences that follow from its figures.
std::string result_verdict(const DemoResult& result);

}  // namespace warmgate::demo
