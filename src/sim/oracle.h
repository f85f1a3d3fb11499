// The oracle knows all arrivals and service times in advance: what perfect foresight would pay.
#pragma once

#include "sim/figures.h"
#include "sim/world.h"
#include "workload/request.h"

namespace warmgate::sim {

struct OracleOptions {
  // May it end an idle instance when it likes? False: after its last use one idles for the mean
  // idle lifetime, which instance-based billing charges.
  bool can_release = true;
  Duration measure_from{};  // as in SimulationOptions; what is before does not exist for the oracle
};

// A feasible schedule, made request by request in the order of arrival.
//
// Model.   A request goes to the always-on pool if it meets its deadline there, behind those that
//          went there before. Else it shares an instance that is at work anyway, if the deadline
//          allows; else the instance that fell idle last; else a new one, whose start is paid and
//          ends just in time. Between two uses an instance is kept (request-based billing: by pings
//          within the idle lifetime; instance-based: paid) or released and started again, whichever
//          costs less. It sees no noise of service times and no faults; starts take their mean.
// Figures. Cost, requests, violations (what no pool can do in time), latency, serverless share.
// Bounds.  O(requests x (slots + instances at work)).
Figures oracle_schedule(const World& world, const workload::Workload& workload,
                        const OracleOptions& options = {});

// A strict lower bound on the cost of serving all within the SLO (all that can be) with this
// always-on pool: no schedule, however clever, is cheaper. See oracle_bound.cc for the argument.
struct OracleBound {
  double usd = 0;  // always-on and serverless
  double serverless_usd = 0;
  double overflow_s = 0;    // service time that the always-on pool cannot do in time
  uint64_t impossible = 0;  // requests that neither pool can answer in time, left out
};
OracleBound oracle_bound(const World& world, const workload::Workload& workload,
                         Duration measure_from = {});

}  // namespace warmgate::sim
