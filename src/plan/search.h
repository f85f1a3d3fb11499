// What a plan finds: for each policy its best configuration.
#pragma once

#include <atomic>
#include <vector>

#include "plan/trial.h"
#include "plan/workers.h"
#include "sim/oracle.h"

namespace warmgate::plan {

// A configuration that was tried, for the plot of cost against violations.
struct Point {
  size_t policy = 0;  // index into Inputs::policies
  double usd = 0;     // per month
  double violated = 0;
};

// The least that a policy costs when so many requests are answered in time.
struct Nine {
  double target = 0.999;
  double usd = 0;  // per month; 0 where no configuration that was tried meets it
};

struct Found {
  const Policy* policy = nullptr;
  Outcome best;             // at the target of the inputs
  std::vector<Nine> nines;  // by the levels of Plan::levels
};

struct Plan {
  std::vector<Found> found;    // in the order of Inputs::policies
  std::vector<double> levels;  // 0.99, 0.999 ... as far as the number of requests can tell
  std::vector<Point> points;
  double oracle_usd = 0;           // per month: at the given size, or of the cheapest size
  sim::OracleBound bound;          // at the same size
  double bound_usd_per_month = 0;  // a strict lower bound at the same size
  size_t trials = 0;
  bool stopped = false;  // by `stop`: nothing above can be used

  const Found& oracle() const { return found.back(); }
};

// At the size of the inputs: one trial for each policy and each way to set it up.
Plan compare(const Inputs& inputs, const std::atomic<bool>& stop, Progress& progress);

// After compare(): the policies with machines, as they were set up, on fewer and on more of them,
// as further points of the plot.
void add_other_sizes(const Inputs& inputs, Plan& plan, const std::atomic<bool>& stop,
                     Progress& progress);

// Over sizes, instance sizes and set-ups.
//
// Model.   Sizes from the cheapest on, until the machines alone cost as much as the best
//          configuration for every level; counts that were left out between the best and the next
//          smaller one by bisection; then larger instances at the best size.
// Bounds.  Some 20 to 100 trials for each policy.
Plan search(const Inputs& inputs, const std::atomic<bool>& stop, Progress& progress);

}  // namespace warmgate::plan
