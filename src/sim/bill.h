// From what an instance was used to what it costs: the one place that knows the price list's shape.
#pragma once

#include "sim/figures.h"
#include "sim/world.h"

namespace warmgate::sim {

// What the platform measured; times are rounded already.
struct ServerlessUsage {
  double instance_s = 0;   // request-based: starting or serving; instance-based: from start to end
  double kept_idle_s = 0;  // request-based: min-instances without requests
  double requests = 0;
};

// Fills the serverless part of the cost. The free tier counts in proportion to `span`.
void price(const ServerlessModel& model, const ServerlessUsage& usage, Duration span, Cost& cost);

// Of one more instance-second and one more request, beyond the free tier.
double usd_per_instance_s(const ServerlessModel& model);
double usd_per_request(const ServerlessModel& model);

double always_on_usd(const AlwaysOnModel& model, Duration span);

}  // namespace warmgate::sim
