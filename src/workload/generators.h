// Arrivals drawn from published models, and what can be done with a workload once it is there.
//
// Units.   Rates in requests per second, lengths as Durations from 0.
// Bounds.  At most kMaxDrawn arrivals; what would come after is left out.
// Random.  The same settings and seed give the same arrivals.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "workload/request.h"
#include "workload/time_draw.h"

namespace warmgate::workload {

using ArrivalTimes = std::vector<Duration>;

inline constexpr uint64_t kMaxDrawn = 50'000'000;

// Independent users: exponential gaps.
// Source.  Poisson process; Paxson and Floyd 1995 on where it holds (user sessions).
struct Poisson {
  double rate = 1;  // > 0
  Duration length = 1h;
};
ArrivalTimes draw(const Poisson& model, uint64_t seed);

// Gaps from a Gamma distribution with the given coefficient of variation: 1 is Poisson, more is
// bursty, less is regular.
// Source.  BurstGPT (Wang et al. 2024) and ServeGen (2025) fit Gamma gaps to LLM traffic; draws by
//          Marsaglia and Tsang 2000.
struct GammaRenewal {
  double rate = 1;  // > 0
  double cv = 2;    // 0.05..50
  Duration length = 1h;
};
ArrivalTimes draw(const GammaRenewal& model, uint64_t seed);

// A Poisson process that switches between two rates, staying in each for an exponential time.
// Source.  Markov-modulated Poisson process (Fischer and Meier-Hellstern 1993); MArk (ATC 2019)
//          uses it for inference traffic.
struct Mmpp2 {
  double low = 1, high = 10;  // >= 0, not both 0
  Duration mean_low = 5min, mean_high = 30s;
  Duration length = 1h;
};
ArrivalTimes draw(const Mmpp2& model, uint64_t seed);

// Day and night: a rate that follows a sine, least at time 0.
// Source.  Thinning of a Poisson process (Lewis and Shedler 1979).
struct Diurnal {
  double mean = 1;     // > 0
  double swing = 0.9;  // 0..1: the rate is mean * (1 - swing * cos(2 pi t / period))
  Duration period = 24h;
  Duration length = 24h;
};
ArrivalTimes draw(const Diurnal& model, uint64_t seed);

// A crowd: from `start` the rate rises evenly within `rise` to `peak`, stays for `hold` and falls
// back evenly within `fall`.
// Source.  The three phases of Ari et al. 2003, "Managing flash crowds on the Internet".
struct FlashCrowd {
  double base = 1, peak = 50;  // >= 0, not both 0
  Duration start = 10min, rise = 30s, hold = 2min, fall = 5min;
  Duration length = 1h;
};
ArrivalTimes draw(const FlashCrowd& model, uint64_t seed);

// The hours of a week: day and night as above, from a Monday 00:00; on Saturdays, Sundays and
// holidays a share of it. And clients that follow the clock: every `every`, from `at` on, `peak`
// more requests a second for `hold`, each time late by up to `jitter`, and left out now and then;
// on days off with the same share of their rate.
// Source.  Weekly and daily patterns, and timers as the trigger of a third of the functions:
//          Shahrad et al., "Serverless in the Wild", ATC 2020.
struct Weekly {
  double mean = 1;       // >= 0
  double swing = 0.9;    // 0..1
  double weekend = 0.3;  // >= 0: the share on days off
  double peak = 0;       // >= 0; mean and peak not both 0
  Duration every = 24h, at = 9h, hold = 30s, jitter = 0s;
  double skip = 0;  // 0..1: the share of peaks that are left out
  Duration holiday_at = 0s, holiday = 0s;
  Duration length = 4 * 168h;
};
ArrivalTimes draw(const Weekly& model, uint64_t seed);

// Requests at these times, with drawn service times.
Workload with_service(const ArrivalTimes& times, const TimeDraw& service, uint64_t seed);

// "poisson:rate=2,length=1d", "gamma:rate=2,cv=4,length=1d",
// "mmpp:low=1,high=20,mean_low=5m,mean_high=30s,length=1d",
// "diurnal:mean=2,swing=0.9,period=24h,length=7d",
// "flash:base=1,peak=50,start=10m,rise=30s,hold=2m,fall=5m,length=1h",
// "weekly:mean=1,swing=0.9,weekend=0.3,peak=20,every=24h,at=9h,hold=30s,length=28d" with jitter,
// skip, holiday_at and holiday; what is left out has the defaults above. The error names the
// nearest key.
Result<ArrivalTimes> draw_named(std::string_view text, uint64_t seed);

// ---- changes of a workload that is there

// Those with from <= at < to, with `from` as the new beginning.
Workload cut(const Workload& workload, Duration from, Duration to);
// The same requests in 1/factor of the time; factor > 0.
Workload faster(const Workload& workload, double factor);
// `factor` times as many requests in the same time; factor > 0. A request is left out with
// probability 1 - factor, or repeated, each copy shifted by up to `jitter` at random.
Workload scaled(const Workload& workload, double factor, Duration jitter, uint64_t seed);

}  // namespace warmgate::workload
