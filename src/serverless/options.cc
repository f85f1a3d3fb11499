#include "serverless/options.h"

#include <algorithm>

namespace warmgate::serverless {
namespace {

// Names become part of log lines, environment variables and JSON.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

Status check_pool(const PoolSettings& pool) {
  if (pool.concurrency < 1 || pool.concurrency > 1000) {
    return Error{"--concurrency is 1 to 1000, not " + std::to_string(pool.concurrency)};
  }
  if (pool.max_instances < 1 || pool.max_instances > 1000) {
    return Error{"--max-instances is 1 to 1000, not " + std::to_string(pool.max_instances)};
  }
  if (pool.min_instances > pool.max_instances) {
    return Error{"--min-instances " + std::to_string(pool.min_instances) +
                 " is more than --max-instances " + std::to_string(pool.max_instances)};
  }
  if (!(pool.target_utilisation > 0 && pool.target_utilisation <= 1)) {
    return Error{"--target-utilisation is a share above 0 and at most 1"};
  }
  if (pool.scale_window < 1s) return Error{"--scale-window is at least 1s"};
  if (pool.idle_least > pool.idle_limit) {
    return Error{"--idle-timeout-least " + format_duration(pool.idle_least) +
                 " is more than --idle-timeout " + format_duration(pool.idle_limit)};
  }
  if (pool.start_limit <= 0s) return Error{"--start-limit is more than zero"};
  if (pool.probe_period < 1ms) return Error{"--probe-period is at least 1ms"};
  if (!(pool.wait_factor >= 0 && pool.wait_factor <= 1000)) {
    return Error{"--wait-factor is 0 to 1000"};
  }
  if (pool.request_limit <= 0s || pool.request_limit > 3600s) {
    return Error{"--request-timeout is more than zero and at most 1h, not " +
                 format_duration(pool.request_limit)};
  }
  return success();
}

Status check_meter(const MeterSettings& meter) {
  if (!(meter.vcpus > 0 && meter.vcpus <= 1024)) return Error{"--cpu is more than 0"};
  if (!(meter.memory_gib > 0 && meter.memory_gib <= 65536)) return Error{"--memory is more than 0"};
  if (meter.granularity < 1ms) return Error{"--billing-granularity is at least 1ms"};
  return success();
}

}  // namespace

Status validate(const ServerlessOptions& options) {
  if (options.command.empty() || options.command.front().empty()) {
    return Error{"say what to run behind '--', such as: -- python3 -m http.server '$PORT'"};
  }
  if (!is_plain_name(options.names.service) || !is_plain_name(options.names.revision)) {
    return Error{"--service and --revision are names of at most 63 letters, digits, '-', '.', '_'"};
  }
  if (options.startup_probe && !options.startup_probe->starts_with('/')) {
    return Error{"--startup-probe is a path that begins with '/', not '" + *options.startup_probe +
                 "'"};
  }
  if (options.probe_timeout <= 0s) return Error{"--probe-timeout is more than zero"};
  if (options.max_request_bytes == 0) return Error{"--max-request-bytes is more than zero"};
  if (Status pool = check_pool(options.pool); !pool) return pool;
  return check_meter(options.meter);
}

}  // namespace warmgate::serverless
