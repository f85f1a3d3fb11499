#include "demo/plan.h"

#include <algorithm>

namespace warmgate::demo {
namespace {

constexpr Duration kAround = 12s;  // starts, ends and the measurement, of all arms together
constexpr Duration kStartDelay = 3s;
constexpr Duration kRamp = 7500ms;
constexpr Duration kUsualArm = (kDefaultLength - kAround) / 3;
constexpr double kBurstOfAlwaysOn = 1.25;  // burst rate, as a share of what always-on can do
constexpr double kBurstOfMachine = 0.56;   // at most; the rest is for the gateway and the demo
constexpr double kQuietOfAlwaysOn = 0.1;

// Requests at once when somebody comes back after a while, as when a page is opened: all of them
// meet a cold pool. One always-on server does them well within the SLO.
constexpr uint64_t kAtOnce = 6;

// Shares of the time that is left in an arm beside its two ramps.
constexpr double kQuiet = 0.08, kBurst = 0.17, kAfter = 0.04, kSilence = 0.38, kAgain = 0.06;

// An instance ends when it has idled for this share of the silence: the pool is cold well before
// the silence ends, and one that was woken early in a ramp is still there when the ramp needs it.
constexpr double kIdleOfSilence = 0.8;

constexpr Duration kUsualSlo = 500ms;
constexpr int kServiceTimesInSlo = 14;  // on a slow machine

load::Phase steady(double rate, Duration length) {
  return {.from = rate, .to = rate, .length = length};
}

}  // namespace

Result<Plan> make_plan(Duration length, const Machine& machine) {
  if (length < kShortest || length > kLongest) {
    return Error{"--duration must be from " + format_duration(kShortest) + " to " +
                 format_duration(kLongest) + ": two cold starts in each of three arms take time"};
  }
  const double one_core = 1 / to_seconds(std::max<Duration>(machine.service_time, 1ms));
  Plan plan;
  plan.always_on_rate = one_core;
  plan.burst_rate = std::min(kBurstOfAlwaysOn, kBurstOfMachine * machine.cores) * one_core;
  plan.quiet_rate = std::max(kQuietOfAlwaysOn * one_core, 1.0);
  const Duration slow = kServiceTimesInSlo * machine.service_time;
  plan.slo = std::max<Duration>(kUsualSlo, (slow + 99ms) / 100ms * 100ms);

  const Duration arm = (length - kAround) / 3;
  const double scale = std::min(to_seconds(arm) / to_seconds(kUsualArm), 1.0);
  const Duration ramp_length = from_seconds(scale * to_seconds(kRamp));
  const double rest = to_seconds(arm - 2 * ramp_length);
  const auto share = [rest](double part) { return from_seconds(part * rest); };
  const load::Phase ramp{.from = plan.quiet_rate, .to = plan.burst_rate, .length = ramp_length};
  plan.start_delay = from_seconds(scale * to_seconds(kStartDelay));
  plan.idle_timeout = share(kSilence * kIdleOfSilence);
  const load::Phase at_once{.burst = kAtOnce};
  plan.profile = {at_once,
                  steady(plan.quiet_rate, share(kQuiet)),
                  ramp,
                  steady(plan.burst_rate, share(kBurst)),
                  steady(plan.quiet_rate, share(kAfter)),
                  steady(0, share(kSilence)),
                  at_once,
                  steady(plan.quiet_rate, share(kAgain)),
                  ramp,
                  steady(plan.burst_rate, share(kBurst)),
                  steady(plan.quiet_rate, share(kAfter))};
  return plan;
}

std::string part_at(const Plan& plan, Duration time) {
  for (const load::Phase& phase : plan.profile) {
    if (time >= phase.length) {
      time -= phase.length;
      continue;
    }
    if (phase.from != phase.to) return "ramp";
    if (phase.to == 0) return "silence";
    return phase.from == plan.burst_rate ? "burst" : "quiet";
  }
  return "end";
}

}  // namespace warmgate::demo
