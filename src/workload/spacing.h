#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/prng.h"

namespace warmgate::workload {

enum class Spacing {
  poisson,  // as independent users arrive: exponential gaps
  even,     // equal gaps
};

inline std::optional<Spacing> parse_spacing(std::string_view text) {
  if (text == "poisson") return Spacing::poisson;
  if (text == "even") return Spacing::even;
  return std::nullopt;
}

// BinSpread spreads the requests of a bin over it, one after another.
//
// Model.   Evenly, or at independent uniform times drawn in order: the least of k uniform times in
//          the rest of the bin stands at 1 - u^(1/k) of it.
// Units.   Positions are shares of the bin, in [0, 1).
// Bounds.  O(1) memory, whatever the bin holds.
// Source.  Order statistics of the uniform distribution (Devroye 1986, V.3.1).
class BinSpread {
 public:
  BinSpread() = default;
  explicit BinSpread(uint64_t count) : count_(count), left_(count) {}

  uint64_t left() const { return left_; }

  double next(Spacing spacing, Prng& prng) {  // left() > 0
    if (spacing == Spacing::even) {
      const auto sent = static_cast<double>(count_ - left_);
      position_ = (sent + 0.5) / static_cast<double>(count_);
    } else {
      position_ += (1 - position_) * (1 - std::pow(prng.uniform(), 1 / static_cast<double>(left_)));
    }
    --left_;
    return position_;
  }

 private:
  uint64_t count_ = 0;
  uint64_t left_ = 0;
  double position_ = 0;
};

}  // namespace warmgate::workload
