// RuntimeStatus: a picture of the runtime, and its JSON.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "serverless/options.h"
#include "serverless/pool.h"

namespace warmgate::serverless {

struct InstanceStatus {
  InstanceView view;
  std::string name;
  int64_t pid = 0;  // 0: no process yet
  uint16_t port = 0;
};

struct RuntimeStatus {
  std::string address;
  Duration uptime{};
  uint32_t waiting = 0;
  Duration mean_start{}, wait_limit{};
  std::vector<InstanceStatus> instances;
  Counters counters;
  Bill bill;
};

// Keys end in their unit: _s seconds, _usd or usd dollars.
std::string to_json(const RuntimeStatus& status, const ServerlessOptions& options);

}  // namespace warmgate::serverless
