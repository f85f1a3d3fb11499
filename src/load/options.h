// What the user of `warmgate load` chooses; flags fill it (cli/load_command.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "load/arrivals.h"
#include "load/payloads.h"
#include "load/runner.h"
#include "load/target.h"
#include "load/trace_arrivals.h"

namespace warmgate::load {

struct LoadOptions {
  std::string url;

  // When to send: exactly one of these three.
  std::string rate;     // "50/s", for `length`
  std::string profile;  // a file, or the profile itself
  std::string trace;    // a file
  Duration length = 10s;
  TraceCut cut;
  Spacing spacing = Spacing::poisson;
  uint64_t seed = 1;

  // What to send: at most one of these two.
  std::string payloads;              // a file of JSON lines
  std::string body;                  // a file, sent as it is
  std::string method;                // default: POST with a body, GET without
  std::string path;                  // instead of the URL's
  std::vector<std::string> headers;  // "Name: value"
  Duration timeout = 30s;
  uint32_t max_connections = 1'000;
  std::string ca_file;    // of an https:// target's issuer; empty = the system's roots
  bool insecure = false;  // take any certificate

  // What to tell.
  Duration slo = 500ms;
  std::string json;  // a file, or "-"
  std::string log;   // a file
  bool quiet = false;
  bool fail_on_error = false;
};

// The options, opened and checked. Errors are one sentence for the user.
struct ArrivalPlan {
  std::unique_ptr<Arrivals> arrivals;
  uint64_t bad_rows = 0;                // of a trace
  std::vector<std::string> problems{};  // the first of them
};
Result<ArrivalPlan> open_arrivals(const LoadOptions& options);
Result<std::vector<Payload>> open_payloads(const LoadOptions& options);

// All but the addresses, which have to be looked up. `target` is the URL's, with the path that
// counts.
struct RequestPlan {
  Target target;
  RunnerSettings settings;
};
Result<RequestPlan> plan_requests(const LoadOptions& options);

}  // namespace warmgate::load
