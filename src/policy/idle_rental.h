#pragma once

#include "policy/gap_histogram.h"

namespace warmgate::policy {

// How long to keep an idle instance whose idle time is paid: the ski-rental problem, improved by
// the learned distribution of gaps.
//
// Model.    Letting go and starting again costs `price` of an instance's time; keeping costs the
//           time itself. Of all waits that end between trust * price and price / trust, the one
//           with the least expected cost under the learned gaps; `price` while few were seen.
// Units.    price >= 0 in time of one instance; trust in (0, 1]: 1 follows no prediction.
// Bounds.   Whatever the gaps turn out to be, the cost is at most 1 + 1 / trust times that of
//           perfect foresight: twice with trust 1. O(GapHistogram::kBins).
// Source.   Break-even: Karlin et al. 1988. A prediction with a bound: Purohit, Svitkina, Kumar,
//           "Improving online algorithms via ML predictions", NeurIPS 2018, whose interval this is.
//           The best wait under a distribution: Diakonikolas et al., ICML 2021.
Duration keep_for(const GapHistogram& gaps, Duration price, double trust);

}  // namespace warmgate::policy
