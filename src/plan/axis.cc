#include "plan/axis.h"

#include <algorithm>
#include <cmath>

#include "plan/text.h"

namespace warmgate::plan {
namespace {

constexpr double kMarks = 6;  // about

double nice_step(double range) {
  const double rough = range / kMarks;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

double time_step(double range) {
  constexpr double kMinute = 60, kHour = 3600, kDay = 86'400;
  for (const double step :
       {1.0, 5.0, 15.0, kMinute, 2 * kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute, kHour,
        2 * kHour, 6 * kHour, 12 * kHour, kDay, 2 * kDay, 7 * kDay, 14 * kDay, 28 * kDay}) {
    if (range / step <= kMarks + 2) return step;
  }
  return 56 * kDay;
}

std::string time_text(double seconds, double step) {
  const auto part = [&](double unit, const char* name) {
    return number(std::round(seconds / unit * 100) / 100) + name;
  };
  if (seconds == 0) return "0";
  if (step >= 86'400) return part(86'400, " d");
  if (step >= 3'600) return part(3'600, " h");
  return step >= 60 ? part(60, " min") : part(1, " s");
}

}  // namespace

Axis::Axis(Kind kind, double least, double most, std::string label)
    : kind_(kind), least_(least), most_(most), label_(std::move(label)) {
  if (kind_ == Kind::logarithmic) {
    most_ = std::max(most_, least_ * 10);
  } else if (!(most_ > least_)) {
    most_ = least_ + 1;
  }
}

double Axis::place(double value) const {
  const double inside = std::clamp(value, least_, most_);
  if (kind_ != Kind::logarithmic) return (inside - least_) / (most_ - least_);
  return std::log(inside / least_) / std::log(most_ / least_);
}

std::vector<Axis::Mark> Axis::marks() const {
  std::vector<Mark> marks;
  const auto written = [this](double value) { return format_ ? format_(value) : number(value); };
  if (kind_ == Kind::logarithmic) {
    const double decades = std::log10(most_ / least_);
    const auto add = [&](double value) {
      if (value >= least_ * 0.999 && value <= most_ * 1.001)
        marks.push_back({value, written(value)});
    };
    for (double power = std::pow(10, std::floor(std::log10(least_))); power <= most_; power *= 10) {
      add(power);
      if (decades > 3) continue;
      add(2 * power);
      add(5 * power);
    }
    return marks;
  }
  const bool is_time = kind_ == Kind::time;
  const double step = is_time ? time_step(most_ - least_) : nice_step(most_ - least_);
  for (double i = std::ceil(least_ / step - 1e-9) + 0.0; i * step <= most_ * (1 + 1e-9); ++i) {
    marks.push_back({i * step, is_time ? time_text(i * step, step) : written(i * step)});
  }
  return marks;
}

}  // namespace warmgate::plan
