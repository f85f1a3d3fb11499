// The oracle's schedule: one pass over the arrivals, each put where it costs least.
#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "billing/billed_time.h"
#include "sim/bill.h"
#include "sim/capacity.h"
#include "sim/oracle.h"

namespace warmgate::sim {
namespace {

// One backend of the always-on pool: lanes that work at full speed, and on shared-core machines a
// bucket from which each request takes all of its work when it begins, so that it never runs empty.
class Backend {
 public:
  explicit Backend(const World& world)
      : lanes_(always_on_lanes(world), Instant{}),
        has_bucket_(world.always_on.share_cores &&
                    world.always_on.machine.sustained_vcpus < world.always_on.machine.vcpus),
        sustained_(world.always_on.machine.sustained_vcpus),
        brim_((world.always_on.machine.vcpus - sustained_) *
              to_seconds(world.always_on.machine.full_burst)),
        credits_(brim_) {}

  Instant earliest(Instant from) const {
    return std::max(from, *std::min_element(lanes_.begin(), lanes_.end()));
  }
  bool affords(Instant at, Duration work) const {
    return !has_bucket_ || credits_at(at) >= to_seconds(work);
  }
  void take(Instant at, Duration work) {
    *std::min_element(lanes_.begin(), lanes_.end()) = at + work;
    if (!has_bucket_) return;
    credits_ = credits_at(at) - to_seconds(work);
    credits_as_of_ = at;
  }

 private:
  double credits_at(Instant at) const {
    return std::min(brim_, credits_ + sustained_ * to_seconds(at - credits_as_of_));
  }

  std::vector<Instant> lanes_;  // free from
  bool has_bucket_;
  double sustained_;
  double brim_;
  double credits_;
  Instant credits_as_of_{};
};

struct Instance {
  std::vector<Instant> lanes;  // free from
  Instant busy_until{};
  billing::BilledTime active;
};

class Schedule {
 public:
  Schedule(const World& world, const OracleOptions& options)
      : world_(world), model_(world.serverless), options_(options) {
    for (uint16_t i = 0; i < world.always_on.backends; ++i) backends_.emplace_back(world);
    start_ = model_.start.mean();
    lifetime_ = (model_.idle_least + model_.idle_limit) / 2;
  }

  void add(const workload::Request& request) {
    const Instant arrived{request.at};
    ++figures_.requests;
    const Instant deadline = arrived + world_.slo;
    const bool possible = quickest_answer(world_, request.service) <= world_.slo;
    if (possible && on_always_on(request, arrived, deadline)) return;
    if (on_serverless(request, arrived, deadline)) return;
    late(request, arrived);
  }

  Figures finish(Duration length) {
    const Duration end = std::max(last_end_ - Instant{}, length);
    figures_.span = std::max<Duration>(end - options_.measure_from, Duration(1));
    figures_.cost.always_on = always_on_usd(world_.always_on, figures_.span);
    for (Instance& instance : instances_) end_idle(instance);
    price(model_, usage_, figures_.span, figures_.cost);
    if (figures_.answered > 0) {
      figures_.serverless_share = served_ / static_cast<double>(figures_.answered);
    }
    return figures_;
  }

 private:
  bool on_always_on(const workload::Request& request, Instant arrived, Instant deadline) {
    const Duration answer = always_on_answer(world_, request.service);
    const Duration work = from_seconds(to_seconds(request.service) / always_on_speed(world_));
    Backend* best = nullptr;
    for (Backend& backend : backends_) {
      const Instant at = backend.earliest(arrived);
      if (at + answer > deadline || !backend.affords(at, work)) continue;
      if (best == nullptr || at < best->earliest(arrived)) best = &backend;
    }
    if (best == nullptr) return false;
    const Instant at = best->earliest(arrived);
    best->take(at, work);
    answered(arrived, at + answer, at + work);
    return true;
  }

  // On the instance at work that it prolongs least; else the one that fell idle last; else a new.
  bool on_serverless(const workload::Request& request, Instant arrived, Instant deadline) {
    if (model_.max_instances == 0) return false;
    const Duration answer = serverless_answer(world_, request.service);
    const Duration work = from_seconds(to_seconds(request.service) / serverless_speed(world_));
    Instance* best = nullptr;
    Duration least = Duration::max();
    for (Instance& instance : instances_) {
      const Instant at =
          std::max(arrived, *std::min_element(instance.lanes.begin(), instance.lanes.end()));
      if (at > instance.busy_until || at + answer > deadline) continue;
      const Duration longer = std::max(Duration{}, at + work - instance.busy_until);
      if (longer >= least) continue;
      least = longer;
      best = &instance;
    }
    if (best == nullptr) best = idle_or_new(arrived);
    if (best == nullptr) return false;
    if (arrived + answer > deadline) ++figures_.late;
    const auto lane = std::min_element(best->lanes.begin(), best->lanes.end());
    const Instant at = std::max(arrived, *lane);
    *lane = at + work;
    best->busy_until = std::max(best->busy_until, at + work);
    ++usage_.requests;
    ++served_;
    answered(arrived, at + answer, at + work);
    return true;
  }

  Instance* idle_or_new(Instant arrived) {
    Instance* latest = nullptr;
    for (Instance& instance : instances_) {
      if (instance.busy_until > arrived) continue;
      if (latest == nullptr || instance.busy_until > latest->busy_until) latest = &instance;
    }
    if (latest != nullptr) {
      end_interval(*latest);
      bridge(arrived - latest->busy_until);
    } else if (instances_.size() < model_.max_instances) {
      latest = &instances_.emplace_back();
      latest->lanes.assign(serverless_lanes(world_), Instant{});
      pay_start();
    } else {
      return nullptr;
    }
    latest->active.begin(arrived);
    latest->busy_until = arrived;
    return latest;
  }

  // From one use of an instance to its next, whichever way is cheapest.
  void bridge(Duration gap) {
    const double start_s = rounded_s(start_);
    if (model_.billing == policy::Billing::instance) {
      // Kept, it is paid; let go, its start is paid, and what it idles if it cannot be ended.
      const double idle_s = options_.can_release ? 0 : to_seconds(lifetime_);
      const double kept_s = to_seconds(gap);
      usage_.instance_s += std::min(kept_s, idle_s + start_s);
      if (kept_s > idle_s + start_s) ++figures_.starts;
      return;
    }
    const double pings =
        std::floor(to_seconds(gap) / to_seconds(std::max<Duration>(lifetime_, 1s)));
    const double ping_s = rounded_s(model_.probe_time);
    const double per_s = usd_per_instance_s(model_);
    if (pings * (ping_s * per_s + usd_per_request(model_)) > start_s * per_s) return pay_start();
    usage_.instance_s += pings * ping_s;
    usage_.requests += pings;
  }

  void pay_start() {
    usage_.instance_s += rounded_s(start_);
    ++figures_.starts;
    ++figures_.cold_starts_hidden;
  }

  void end_interval(Instance& instance) {
    instance.active.end(instance.busy_until, model_.granularity);
  }
  void end_idle(Instance& instance) {
    end_interval(instance);
    usage_.instance_s += to_seconds(instance.active.total(last_end_, model_.granularity));
    if (model_.billing == policy::Billing::instance && !options_.can_release) {
      usage_.instance_s += to_seconds(std::min(lifetime_, last_end_ - instance.busy_until));
    }
  }

  double rounded_s(Duration length) const {
    return to_seconds((length + model_.granularity - Duration(1)) / model_.granularity *
                      model_.granularity);
  }

  // Neither pool can make it: served by whichever is free first, or refused where there is none.
  void late(const workload::Request& request, Instant arrived) {
    if (backends_.empty()) {
      ++figures_.refused;
      return;
    }
    Backend& backend = *std::min_element(backends_.begin(), backends_.end(),
                                         [&](const Backend& a, const Backend& b) {
                                           return a.earliest(arrived) < b.earliest(arrived);
                                         });
    const Duration work = from_seconds(to_seconds(request.service) / always_on_speed(world_));
    const Instant at = backend.earliest(arrived);
    backend.take(at, work);
    ++figures_.late;
    answered(arrived, at + always_on_answer(world_, request.service), at + work);
  }

  void answered(Instant arrived, Instant counted, Instant ended) {
    ++figures_.answered;
    figures_.latency.record(counted - arrived);
    last_end_ = std::max({last_end_, counted, ended});
  }

  const World& world_;
  const ServerlessModel& model_;
  OracleOptions options_;
  Duration start_{};
  Duration lifetime_{};
  std::vector<Backend> backends_;
  std::vector<Instance> instances_;
  ServerlessUsage usage_;
  double served_ = 0;
  Instant last_end_{};
  Figures figures_;
};

}  // namespace

Figures oracle_schedule(const World& world, const workload::Workload& workload,
                        const OracleOptions& options) {
  Schedule schedule(world, options);
  for (const workload::Request& request : workload) {
    if (request.at >= options.measure_from) schedule.add(request);
  }
  return schedule.finish(workload.empty() ? Duration{} : workload.back().at);
}

}  // namespace warmgate::sim
