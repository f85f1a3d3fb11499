// Plan: which traffic the demo sends, fitted to this machine and to the time that there is.
//
// Story.   Quiet, a ramp to a burst, nothing until the serverless pool is cold, and all of it
// again. Rates.   The burst is more than the always-on server can do, and less than the machine can
// do:
//          so the always-on pool alone saturates, and with the serverless pool it does not.
// Times.   A start takes three seconds and a burst comes over more: somebody who looks ahead can
//          hide the one in the other. Both stay as they are in a longer demo, and shrink with all
//          else in a shorter one.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "load/profile.h"

namespace warmgate::demo {

inline constexpr Duration kDefaultLength = 114s;
inline constexpr Duration kShortest = 45s;
inline constexpr Duration kLongest = 1h;

// What was measured before the first arm.
struct Machine {
  Duration service_time{};  // of one request on one core, by a server that does nothing else
  uint32_t cores = 1;
};

struct Plan {
  double quiet_rate = 0, burst_rate = 0;  // requests per second
  double always_on_rate = 0;              // what the always-on server can do
  Duration slo{};
  Duration start_delay{};   // of a serverless instance
  Duration idle_timeout{};  // ... and how long it idles before it ends
  load::Profile profile;    // of each arm
};

// The Error says that the time is too short or too long.
Result<Plan> make_plan(Duration length, const Machine& machine);

// Which part of the story is told at that time of an arm: "quiet", "ramp", "burst", "silence".
std::string part_at(const Plan& plan, Duration time);

}  // namespace warmgate::demo
