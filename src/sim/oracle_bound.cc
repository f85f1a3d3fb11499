// The lower bound: work that cannot be done in time by the always-on pool, at the best price.
#include <algorithm>
#include <deque>

#include "sim/bill.h"
#include "sim/capacity.h"
#include "sim/oracle.h"

namespace warmgate::sim {
namespace {

// FluidPool is the always-on pool relaxed to a fluid: all backends are one, a request may be worked
// on by all of them at once and in part, and one bucket holds all credits.
//
// It works on the earliest deadline first, whenever there is work, and drops what is left of a
// request at its deadline. Cut the work into equal grains: each grain done in its window counts the
// same, and for unit jobs earliest-deadline-first does as many in time as any schedule can
// (exchange argument, Jackson 1955; Horn 1974 with preemption). Credits change nothing: a grain
// done now instead of later leaves the bucket no emptier from then on, and more of what would run
// over its brim is kept.
class FluidPool {
 public:
  explicit FluidPool(const World& world) : rate_(always_on_rate(world)), sustained_(rate_) {
    const AlwaysOnModel& model = world.always_on;
    const MachineType& machine = model.machine;
    if (!model.share_cores || machine.sustained_vcpus >= machine.vcpus) return;
    sustained_ = std::min(rate_, model.backends * machine.sustained_vcpus * machine.speed);
    brim_ = model.backends * (machine.vcpus - machine.sustained_vcpus) * machine.speed *
            to_seconds(machine.full_burst);
    credits_ = brim_;
    refill_ = model.backends * machine.sustained_vcpus * machine.speed;
  }

  // Deadlines must not decrease, and `now` neither.
  void add(double now, double deadline, double work) {
    advance(now);
    queue_.push_back({deadline, work});
  }
  // Work that was dropped.
  double finish() {
    while (!queue_.empty()) advance(queue_.front().deadline);
    return dropped_;
  }

 private:
  struct Grain {
    double deadline, work;
  };

  void advance(double now) {
    while (at_ < now) {
      while (!queue_.empty() && queue_.front().deadline <= at_) {
        dropped_ += queue_.front().work;
        queue_.pop_front();
      }
      if (queue_.empty()) {
        rest(now - at_);
        at_ = now;
        return;
      }
      work(std::min(now, queue_.front().deadline));
    }
    while (!queue_.empty() && queue_.front().deadline <= at_) {
      dropped_ += queue_.front().work;
      queue_.pop_front();
    }
  }

  void rest(double seconds) { credits_ = std::min(brim_, credits_ + refill_ * seconds); }

  // At one speed, until `until`, the end of the first grain or of the credits.
  void work(double until) {
    const bool bursts = rate_ > sustained_ && credits_ > kNone;
    const double speed = rate_ > sustained_ && !bursts ? sustained_ : rate_;
    double seconds = until - at_;
    if (speed > 0) seconds = std::min(seconds, queue_.front().work / speed);
    if (bursts) seconds = std::min(seconds, credits_ / (rate_ - refill_));
    queue_.front().work -= speed * seconds;
    if (brim_ > 0) credits_ = std::clamp(credits_ + (refill_ - speed) * seconds, 0.0, brim_);
    at_ = until - at_ <= seconds ? until : at_ + seconds;
    if (queue_.front().work <= kNone) queue_.pop_front();
  }

  static constexpr double kNone = 1e-12;

  double rate_;       // of measured service time, per second
  double sustained_;  // with an empty bucket
  double refill_ = 0;
  double brim_ = 0;
  double credits_ = 0;
  std::deque<Grain> queue_;
  double at_ = 0;
  double dropped_ = 0;
};

}  // namespace

// Why no schedule is cheaper.
//   1. The always-on pool costs the same whatever it does.
//   2. A request that the always-on pool cannot answer in time even alone is served by the
//      serverless pool as a whole (or counts as impossible, and is left out on both sides).
//   3. Of all others, at least what FluidPool drops is served by the serverless pool: FluidPool is
//      a relaxation of the always-on pool (any real schedule is one of its schedules), and does as
//      much in time as any schedule of the relaxation.
//   4. An instance that is billed for a second does at most `serverless_rate_per_instance` of work
//      in it; rounding and idling only add. So the work of 2 and 3 costs at least its quotient.
//   5. At least (dropped work / longest service) requests of 3 are served there, each with its fee,
//      and the first instance has to start once (unless that may have been before what is
//      measured); the fixed part of that is billed.
//   6. The price is not decreasing in instance-seconds and requests, the free tier included.
// It is not attained in general: a request is not divisible, and starts are not free.
// With service noise it bounds the expected cost: dropped work is a maximum of linear functions of
// the work (max-flow, min-cut), hence convex, and the noise has mean 1.
OracleBound oracle_bound(const World& world, const workload::Workload& workload,
                         Duration measure_from) {
  OracleBound bound;
  FluidPool pool(world);
  const ServerlessModel& model = world.serverless;
  // Of what the SLO counts; the rest of a streamed answer follows in proportion.
  const double share = world.slo_first_byte ? world.first_byte_share : 1;
  double whole_s = 0;
  double whole_requests = 0;
  double longest_s = 0;
  for (const workload::Request& request : workload) {
    if (request.at < measure_from) continue;
    if (quickest_answer(world, request.service) > world.slo) {
      ++bound.impossible;
      continue;
    }
    const double service_s = to_seconds(request.service);
    if (world.always_on.backends == 0 || always_on_answer(world, request.service) > world.slo) {
      whole_s += service_s;
      ++whole_requests;
      continue;
    }
    longest_s = std::max(longest_s, service_s);
    const double at_s = to_seconds(request.at);
    pool.add(at_s, at_s + to_seconds(world.slo - world.always_on.round_trip), service_s * share);
  }
  const double dropped_s = pool.finish() / share;
  bound.overflow_s = whole_s + dropped_s;
  ServerlessUsage usage;
  usage.requests = whole_requests + (longest_s > 0 ? dropped_s / longest_s : 0);
  usage.instance_s = bound.overflow_s / serverless_rate_per_instance(world);
  if (bound.overflow_s > 0 && model.min_instances == 0 && measure_from == 0s) {
    usage.instance_s += to_seconds(model.start.shortest());
  }
  const Duration span = workload.empty() ? Duration{} : workload.back().at - measure_from;
  Cost cost;
  price(model, usage, span, cost);
  bound.serverless_usd = cost.serverless();
  bound.usd = always_on_usd(world.always_on, span) + bound.serverless_usd;
  return bound;
}

}  // namespace warmgate::sim
