#include "serverless/status.h"

#include <nlohmann/json.hpp>

namespace warmgate::serverless {
namespace {

using Json = nlohmann::ordered_json;

Json counters_json(const Counters& c) {
  return {
      {"requests", c.requests},
      {"served", c.served},
      {"lost", c.lost},
      {"client_gone", c.client_gone},
      {"rejected_413", c.rejected_413},
      {"rejected_429", c.rejected_429},
      {"rejected_502", c.rejected_502},
      {"rejected_503", c.rejected_503},
      {"timed_out_504", c.timed_out_504},
      {"starts", c.starts},
      {"start_failures", c.start_failures},
      {"crashes", c.crashes},
      {"releases", c.releases},
      {"stops", c.stops},
  };
}

Json bill_json(const Bill& bill) {
  return {
      {"request",
       {{"seconds", to_seconds(bill.request_active)},
        {"idle_seconds", to_seconds(bill.request_idle)},
        {"requests", bill.requests},
        {"usd", bill.request_usd}}},
      {"instance", {{"seconds", to_seconds(bill.instance_life)}, {"usd", bill.instance_usd}}},
  };
}

Json instance_json(const InstanceStatus& instance) {
  return {
      {"name", instance.name},
      {"pid", instance.pid},
      {"port", instance.port},
      {"state", instance.view.state},
      {"throttled", instance.view.throttled},
      {"in_flight", instance.view.in_flight},
      {"served", instance.view.served},
      {"age_s", to_seconds(instance.view.age)},
  };
}

}  // namespace

std::string to_json(const RuntimeStatus& status, const ServerlessOptions& options) {
  Json instances = Json::array();
  for (const InstanceStatus& instance : status.instances) {
    instances.push_back(instance_json(instance));
  }
  const Json json = {
      {"service", options.names.service},
      {"revision", options.names.revision},
      {"address", status.address},
      {"uptime_s", to_seconds(status.uptime)},
      {"concurrency", options.pool.concurrency},
      {"min_instances", options.pool.min_instances},
      {"max_instances", options.pool.max_instances},
      {"waiting", status.waiting},
      {"mean_start_s", to_seconds(status.mean_start)},
      {"wait_limit_s", to_seconds(status.wait_limit)},
      {"instances", instances},
      {"counters", counters_json(status.counters)},
      {"billable", bill_json(status.bill)},
  };
  return json.dump(2) + "\n";
}

}  // namespace warmgate::serverless
