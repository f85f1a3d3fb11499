// What the processes of the demo say about themselves, as far as the demo shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "demo/result.h"

namespace warmgate::demo {

// From the status page of `warmgate serverless`.
struct ServerlessStatus {
  uint32_t starting = 0, serving = 0, idle = 0, stopping = 0;
  uint32_t waiting = 0;  // requests without an instance
  Bill bill{};           // request-based billing
};
std::optional<ServerlessStatus> parse_serverless_status(std::string_view json);

// From the admin listener of `warmgate serve`.
struct GatewayStatus {
  std::string always_on_state, serverless_state;
  std::string evidence;
  uint32_t always_on_in_flight = 0, always_on_slots = 0;
  uint32_t serverless_in_flight = 0, serverless_slots = 0;
  uint32_t queued = 0;
  double demand_per_s = 0;
};
std::optional<GatewayStatus> parse_gateway_status(std::string_view json);

}  // namespace warmgate::demo
