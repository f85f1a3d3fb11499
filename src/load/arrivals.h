// Arrivals: when requests are to be sent, one after another, so that a day of traffic needs no
// memory.
#pragma once

#include <optional>

#include "base/time.h"
#include "workload/spacing.h"

namespace warmgate::load {

using workload::Spacing;

class Arrivals {
 public:
  virtual ~Arrivals() = default;
  // Time of the next request since the start of the run, never before the one given last;
  // nullopt when there are no more.
  virtual std::optional<Duration> next() = 0;
};

}  // namespace warmgate::load
