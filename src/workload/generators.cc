#include "workload/generators.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/prng.h"

namespace warmgate::workload {
namespace {

// Candidates at the greatest rate, each kept with the probability rate(t) / greatest.
template <class Rate>
ArrivalTimes thin(double greatest, Duration length, uint64_t seed, const Rate& rate) {
  WG_ASSERT(greatest > 0, "a rate is greater than 0 somewhere");
  Prng prng(seed);
  ArrivalTimes times;
  const double end = to_seconds(length);
  for (double at = prng.exponential(1 / greatest); at < end && times.size() < kMaxDrawn;
       at += prng.exponential(1 / greatest)) {
    if (prng.uniform() * greatest < rate(at)) times.push_back(from_seconds(at));
  }
  return times;
}

// Gamma with shape > 0 and scale 1.
double draw_gamma(double shape, Prng& prng) {
  if (shape < 1) {  // from the next higher shape
    const double u = 1 - prng.uniform();
    return draw_gamma(shape + 1, prng) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {  // ends after 1.05 rounds on average
    const double x = draw_normal(prng);
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    const double u = 1 - prng.uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double crowd_rate(const FlashCrowd& model, double at) {
  const double rise = to_seconds(model.rise), hold = to_seconds(model.hold);
  const double fall = to_seconds(model.fall);
  const double since = at - to_seconds(model.start);
  double share = 0;
  if (since >= 0 && since < rise) {
    share = since / rise;
  } else if (since >= rise && since < rise + hold) {
    share = 1;
  } else if (since >= rise + hold && since < rise + hold + fall) {
    share = 1 - (since - rise - hold) / fall;
  }
  return model.base + share * (model.peak - model.base);
}

double weekly_share(const Weekly& model, double at) {
  constexpr double kDay = 24 * 3600;
  const double since_holiday = at - to_seconds(model.holiday_at);
  const bool holiday = since_holiday >= 0 && since_holiday < to_seconds(model.holiday);
  return holiday || std::fmod(at, 7 * kDay) >= 5 * kDay ? model.weekend : 1;
}

// Each peak by itself.
void draw_peaks(const Weekly& model, Prng& prng, ArrivalTimes& times) {
  const double length = to_seconds(model.length), every = to_seconds(model.every);
  for (double at = to_seconds(model.at); at < length; at += every) {
    const double begin = at + prng.uniform() * to_seconds(model.jitter);
    const double end = std::min(length, begin + to_seconds(model.hold));
    const double rate = model.peak * weekly_share(model, at);
    if (prng.chance(model.skip) || rate <= 0) continue;
    for (double t = begin + prng.exponential(1 / rate); t < end && times.size() < kMaxDrawn;
         t += prng.exponential(1 / rate)) {
      times.push_back(from_seconds(t));
    }
  }
}

}  // namespace

ArrivalTimes draw(const Poisson& model, uint64_t seed) {
  return thin(model.rate, model.length, seed, [&](double) { return model.rate; });
}

ArrivalTimes draw(const GammaRenewal& model, uint64_t seed) {
  Prng prng(seed);
  const double shape = 1 / (model.cv * model.cv);
  const double scale = 1 / (model.rate * shape);
  const double end = to_seconds(model.length);
  ArrivalTimes times;
  for (double at = draw_gamma(shape, prng) * scale; at < end && times.size() < kMaxDrawn;
       at += draw_gamma(shape, prng) * scale) {
    times.push_back(from_seconds(at));
  }
  return times;
}

ArrivalTimes draw(const Mmpp2& model, uint64_t seed) {
  Prng states(seed ^ 0x3a99);
  bool high = false;
  double until = states.exponential(to_seconds(model.mean_low));
  return thin(std::max(model.low, model.high), model.length, seed, [&](double at) {
    while (at >= until) {
      high = !high;
      until += states.exponential(to_seconds(high ? model.mean_high : model.mean_low));
    }
    return high ? model.high : model.low;
  });
}

ArrivalTimes draw(const Diurnal& model, uint64_t seed) {
  const double turn = 2 * M_PI / to_seconds(model.period);
  return thin(model.mean * (1 + model.swing), model.length, seed,
              [&](double at) { return model.mean * (1 - model.swing * std::cos(turn * at)); });
}

ArrivalTimes draw(const FlashCrowd& model, uint64_t seed) {
  return thin(std::max(model.base, model.peak), model.length, seed,
              [&](double at) { return crowd_rate(model, at); });
}

ArrivalTimes draw(const Weekly& model, uint64_t seed) {
  const double turn = 2 * M_PI / to_seconds(24h);
  const double busiest = model.mean * (1 + model.swing) * std::max(1.0, model.weekend);
  ArrivalTimes times;
  if (busiest > 0) {
    times = thin(busiest, model.length, seed, [&](double at) {
      return model.mean * (1 - model.swing * std::cos(turn * at)) * weekly_share(model, at);
    });
  }
  Prng prng(seed ^ 0x3ee4);
  if (model.peak > 0) draw_peaks(model, prng, times);
  std::ranges::sort(times);
  return times;
}

Workload with_service(const ArrivalTimes& times, const TimeDraw& service, uint64_t seed) {
  Prng prng(seed ^ 0x5e41ce);
  Workload workload;
  workload.reserve(times.size());
  for (const Duration at : times) workload.push_back({.at = at, .service = service.next(prng)});
  return workload;
}

Workload cut(const Workload& workload, Duration from, Duration to) {
  Workload part;
  for (Request request : workload) {
    if (request.at < from || request.at >= to) continue;
    request.at -= from;
    part.push_back(request);
  }
  return part;
}

Workload faster(const Workload& workload, double factor) {
  Workload result = workload;
  for (Request& request : result) request.at = from_seconds(to_seconds(request.at) / factor);
  return result;
}

Workload scaled(const Workload& workload, double factor, Duration jitter, uint64_t seed) {
  Prng prng(seed);
  Workload result;
  for (const Request& request : workload) {
    auto copies = static_cast<uint64_t>(factor);
    if (prng.chance(factor - std::floor(factor))) ++copies;
    for (uint64_t copy = 0; copy < copies && result.size() < kMaxDrawn; ++copy) {
      Request one = request;
      if (copy > 0) one.at += from_seconds(prng.uniform() * to_seconds(jitter));
      result.push_back(one);
    }
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const Request& a, const Request& b) { return a.at < b.at; });
  return result;
}

}  // namespace warmgate::workload
