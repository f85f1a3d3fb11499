#include "demo/status.h"

#include <nlohmann/json.hpp>

namespace warmgate::demo {
namespace {

using Json = nlohmann::json;

// The value at a path of keys; `fallback` when it is not there or of another kind.
template <class T>
T at(const Json& json, const char* path, T fallback) {
  const Json::json_pointer pointer(path);
  if (!json.contains(pointer)) return fallback;
  const Json& value = json[pointer];
  if constexpr (std::is_arithmetic_v<T>) {
    return value.is_number() ? value.get<T>() : fallback;
  } else {
    return value.is_string() ? value.get<T>() : fallback;
  }
}

void count_instance(const std::string& state, ServerlessStatus& status) {
  if (state == "delayed" || state == "starting") ++status.starting;
  if (state == "serving") ++status.serving;
  if (state == "idle" || state == "suspect") ++status.idle;
  if (state == "stopping") ++status.stopping;
}

}  // namespace

std::optional<ServerlessStatus> parse_serverless_status(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("instances")) return std::nullopt;
  ServerlessStatus status;
  for (const Json& instance : json["instances"]) {
    count_instance(at<std::string>(instance, "/state", ""), status);
  }
  status.waiting = at<uint32_t>(json, "/waiting", 0);
  status.bill.seconds = at<double>(json, "/billable/request/seconds", 0);
  status.bill.usd = at<double>(json, "/billable/request/usd", 0);
  return status;
}

std::optional<GatewayStatus> parse_gateway_status(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const Json::json_pointer first("/services/0");
  if (!json.is_object() || !json.contains(first)) return std::nullopt;
  const Json& service = json[first];
  GatewayStatus status;
  status.always_on_state = at<std::string>(service, "/pools/always_on/state", "?");
  status.always_on_in_flight = at<uint32_t>(service, "/pools/always_on/in_flight", 0);
  status.always_on_slots = at<uint32_t>(service, "/pools/always_on/slots", 0);
  status.serverless_state = at<std::string>(service, "/pools/serverless/state", "?");
  status.serverless_in_flight = at<uint32_t>(service, "/pools/serverless/in_flight", 0);
  status.serverless_slots = at<uint32_t>(service, "/pools/serverless/slots", 0);
  status.evidence = at<std::string>(service, "/pools/serverless/evidence", "?");
  status.queued = at<uint32_t>(service, "/queue/requests", 0);
  status.demand_per_s = at<double>(service, "/demand_per_s", 0);
  return status;
}

}  // namespace warmgate::demo
