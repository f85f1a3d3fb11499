// Arrivals: when requests are to be sent, one after another, so that a day of traffic needs no
// memory.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace warmgate::load {

enum class Spacing {
  poisson,  // as independent users arrive: exponential gaps
  even,     // equal gaps
};
std::optional<Spacing> parse_spacing(std::string_view text);

class Arrivals {
 public:
  virtual ~Arrivals() = default;
  // Time of the next request since the start of the run, never before the one given last;
  // nullopt when there are no more.
  virtual std::optional<Duration> next() = 0;
};

}  // namespace warmgate::load
