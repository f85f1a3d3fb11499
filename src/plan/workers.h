// Independent pieces of work on a few threads.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <ostream>
#include <vector>

namespace warmgate::plan {

// Runs all of it, in any order, and returns when all is done. Two threads: a plan is made on small
// machines, too. A task must not touch what another writes.
void run_all(const std::vector<std::function<void()>>& tasks);

// Progress says on a terminal how far a plan is, and removes what it said.
//
// Thread.  Any.
class Progress {
 public:
  // nullptr: silent. `expected` trials, when that is known.
  explicit Progress(std::ostream* out, size_t expected = 0) : out_(out), expected_(expected) {}
  ~Progress();

  void trial_done(uint64_t requests);
  size_t trials() const { return trials_; }

 private:
  std::mutex mutex_;
  std::ostream* out_;
  size_t expected_;
  size_t trials_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace warmgate::plan
