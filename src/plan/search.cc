#include "plan/search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plan/text.h"

namespace warmgate::plan {
namespace {

constexpr double kUnmet = std::numeric_limits<double>::infinity();
constexpr double kHalvings = 4;  // between two neighbouring sizes
constexpr double kOtherSizes[] = {0.25, 0.5, 0.75, 1.5, 2, 3};
constexpr double kLargerInstances[] = {2.0, 4.0};  // vCPUs

// As many nines as a workload of this size can tell apart.
std::vector<double> levels_for(const Inputs& inputs) {
  std::vector<double> levels;
  const auto requests = static_cast<double>(inputs.workload().size());
  for (double missed = 0.01; missed * requests >= 1 && missed > 5e-7; missed /= 10) {
    levels.push_back(1 - missed);
  }
  if (levels.empty()) levels.push_back(0.99);
  return levels;
}

// All that is tried for one policy. One thread.
class Search {
 public:
  Search(const Inputs& inputs, size_t index, const std::vector<double>& levels,
         const std::atomic<bool>& stop, Progress& progress)
      : setup_(inputs),
        policy_(inputs.policies[index]),
        index_(index),
        levels_(levels),
        stop_(stop),
        progress_(progress),
        usd_(levels.size(), kUnmet) {}

  void at(const Size& size) {
    for (size_t i = 0; i < policy_.choices.size(); ++i) {
      attempt(trial_of(setup_, policy_, i, size));
    }
  }

  void over(const std::vector<Size>& sizes) {
    if (!policy_.uses_always_on()) {
      at(kNoMachines);
    } else {
      for (const Size& size : sizes) {
        if (stop_ || size.usd_per_month() >= worth()) break;
        at(size);
      }
      bisect(sizes);
    }
    if (!setup_.cpu_given && policy_.uses_serverless()) try_larger_instances();
  }

  bool any() const { return any_; }
  Found found() const {
    Found found{&policy_, best_, {}};
    for (size_t i = 0; i < levels_.size(); ++i) {
      found.nines.push_back({levels_[i], usd_[i] == kUnmet ? 0 : usd_[i]});
    }
    return found;
  }
  const std::vector<Point>& points() const { return points_; }

 private:
  // Machines that cost this much cannot be part of a better configuration.
  double worth() const {
    double most = best_.meets(setup_.target) && any_ ? best_.usd() : kUnmet;
    for (const double usd : usd_) most = std::max(most, usd);
    return most;
  }

  void attempt(const Trial& trial) {
    if (stop_) return;
    Outcome outcome = run_trial(setup_, trial, &stop_);
    if (outcome.figures.stopped) return;
    progress_.trial_done(outcome.figures.requests);
    points_.push_back({index_, outcome.usd(), outcome.violated()});
    for (size_t i = 0; i < levels_.size(); ++i) {
      if (outcome.meets(levels_[i])) usd_[i] = std::min(usd_[i], outcome.usd());
    }
    if (!any_ || better(outcome, best_, setup_.target)) best_ = outcome;
    any_ = true;
  }

  // More or fewer machines of the best one's type, in ever smaller steps, set up as the best is.
  void bisect(const std::vector<Size>& sizes) {
    if (!any_) return;
    const Size best = best_.trial.size;
    uint32_t smaller = 0;
    for (const Size& size : sizes) {
      const bool is_next = size.machine.name == best.machine.name && size.machines < best.machines;
      if (is_next) smaller = std::max<uint32_t>(smaller, size.machines);
    }
    uint32_t larger = best.machines;
    for (int i = 0; i < kHalvings && larger - smaller > 1 && smaller > 0; ++i) {
      Trial trial = best_.trial;
      trial.size.machines = static_cast<uint16_t>((smaller + larger) / 2);
      const uint32_t tried = trial.size.machines;
      attempt(trial);
      (best_.trial.size.machines == tried ? larger : smaller) = tried;
    }
  }

  void try_larger_instances() {
    const Trial best = best_.trial;
    for (const double vcpus : kLargerInstances) {
      Trial trial = best;
      trial.vcpus = vcpus;
      trial.memory_gib = std::max(best.memory_gib, kGibPerVcpu * vcpus);
      trial.concurrency = static_cast<uint32_t>(vcpus);
      if (trial.vcpus > best.vcpus) attempt(trial);
    }
  }

  const Inputs& setup_;
  const Policy& policy_;
  const size_t index_;
  const std::vector<double>& levels_;
  const std::atomic<bool>& stop_;
  Progress& progress_;
  bool any_ = false;
  Outcome best_;
  std::vector<double> usd_;  // least, by level
  std::vector<Point> points_;
};

Plan run(const Inputs& inputs, const std::vector<Size>& sizes, const std::atomic<bool>& stop,
         Progress& progress) {
  Plan plan;
  plan.levels = levels_for(inputs);
  std::vector<Search> searches;
  for (size_t i = 0; i < inputs.policies.size(); ++i) {
    searches.emplace_back(inputs, i, plan.levels, stop, progress);
  }
  std::vector<std::function<void()>> tasks;
  for (Search& one : searches) {
    tasks.emplace_back([&] { inputs.size ? one.at(*inputs.size) : one.over(sizes); });
  }
  run_all(tasks);
  plan.trials = progress.trials();
  plan.stopped = stop;
  if (plan.stopped) return plan;
  for (const Search& one : searches) {
    plan.found.push_back(one.found());
    plan.points.insert(plan.points.end(), one.points().begin(), one.points().end());
  }
  const Outcome& oracle = plan.oracle().best;
  plan.oracle_usd = oracle.usd();
  for (size_t i = 0; i < inputs.seeds(); ++i) {
    const auto bound = sim::oracle_bound(world_of(inputs, oracle.trial, i), inputs.workload(i));
    plan.bound.usd += bound.usd;
    plan.bound.serverless_usd += bound.serverless_usd;
    plan.bound.overflow_s += bound.overflow_s;
    plan.bound.impossible += bound.impossible;
  }
  plan.bound_usd_per_month =
      plan.bound.usd * to_seconds(sim::kMonth) / to_seconds(oracle.figures.span);
  return plan;
}

// So many times as many machines; false when that is as many, or none.
bool resize(Size& size, double factor) {
  const double wanted = std::round(size.machines * factor);
  if (size.machines == 1 && size.scales()) {
    const double slots = std::round(size.slots * factor);
    if (slots < 1 || slots == size.slots) return false;
    size = *parse_size(number(slots), 0);
    return true;
  }
  if (wanted < 1 || wanted > kMostMachines || wanted == size.machines) return false;
  size.machines = static_cast<uint16_t>(wanted);
  return true;
}

}  // namespace

Plan compare(const Inputs& inputs, const std::atomic<bool>& stop, Progress& progress) {
  return run(inputs, {}, stop, progress);
}

void add_other_sizes(const Inputs& inputs, Plan& plan, const std::atomic<bool>& stop,
                     Progress& progress) {
  std::vector<Outcome> outcomes;
  std::vector<size_t> policies;
  for (size_t i = 0; i < plan.found.size(); ++i) {
    const Found& found = plan.found[i];
    if (!found.policy->uses_always_on() || found.policy->kind == Policy::Kind::oracle) continue;
    for (const double factor : kOtherSizes) {
      Outcome outcome{found.best.trial, {}, inputs.impossible};
      if (!resize(outcome.trial.size, factor)) continue;
      outcomes.push_back(std::move(outcome));
      policies.push_back(i);
    }
  }
  std::vector<std::function<void()>> tasks;
  for (Outcome& outcome : outcomes) {
    tasks.emplace_back([&] {
      if (stop) return;
      outcome = run_trial(inputs, outcome.trial, &stop);
      progress.trial_done(outcome.figures.requests);
    });
  }
  run_all(tasks);
  plan.trials = progress.trials();
  plan.stopped = stop;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    plan.points.push_back({policies[i], outcomes[i].usd(), outcomes[i].violated()});
  }
}

Plan search(const Inputs& inputs, const std::atomic<bool>& stop, Progress& progress) {
  return run(inputs, sizes_for(inputs.workload(), inputs.slots), stop, progress);
}

}  // namespace warmgate::plan
