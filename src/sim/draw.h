// Draws from distributions that base/prng.h does not have.
#pragma once

#include <cmath>
#include <numbers>

#include "base/prng.h"

namespace warmgate::sim {

// Source.  Box, Muller 1958.
inline double standard_normal(Prng& prng) {
  return std::sqrt(prng.exponential(2)) * std::cos(2 * std::numbers::pi * prng.uniform());
}

inline double lognormal_with_mean_1(Prng& prng, double sigma) {
  return std::exp(sigma * standard_normal(prng) - sigma * sigma / 2);
}

}  // namespace warmgate::sim
