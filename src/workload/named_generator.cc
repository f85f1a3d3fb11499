// Generators by name and text: "gamma:rate=2,cv=4,length=1d".
#include <charconv>
#include <map>
#include <span>
#include <string>
#include <variant>

#include "base/text.h"
#include "workload/generators.h"

namespace warmgate::workload {
namespace {

constexpr double kMaxRate = 1e6;
constexpr Duration kMaxLength = std::chrono::hours(24 * 366);

using Target = std::variant<double*, Duration*>;
using Keys = std::map<std::string_view, Target>;

std::string list(const Keys& keys) {
  std::string text;
  for (const auto& [key, target] : keys) text += (text.empty() ? "" : ", ") + std::string(key);
  return text;
}

bool set(Target target, std::string_view value) {
  if (auto* const* time = std::get_if<Duration*>(&target)) {
    const auto parsed = parse_duration(value);
    if (!parsed || *parsed <= 0s || *parsed > kMaxLength) return false;
    **time = *parsed;
    return true;
  }
  double number = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool usable = failure == std::errc{} && end == value.data() + value.size() && number >= 0 &&
                      number <= kMaxRate;
  if (usable) *std::get<double*>(target) = number;
  return usable;
}

Status fill(std::string_view text, const Keys& keys) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view pair = trim(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const size_t equals = pair.find('=');
    const std::string_view key = trim(pair.substr(0, equals));
    const auto found = keys.find(key);
    if (equals == std::string_view::npos || found == keys.end()) {
      return Error{"the generator has no key \"" + std::string(key) + "\": it has " + list(keys)};
    }
    const std::string_view value = trim(pair.substr(equals + 1));
    if (!set(found->second, value)) {
      return Error{"the generator's " + std::string(key) + " cannot be \"" + std::string(value) +
                   "\": times are like 30s, 5m, 7d, rates numbers per second up to 1e6"};
    }
  }
  return success();
}

Error bad_rates() {
  return Error{"the generator's rates give no request: at least one must be greater than 0"};
}

Result<ArrivalTimes> draw_poisson(std::string_view text, uint64_t seed) {
  Poisson model;
  auto status = fill(text, {{"rate", &model.rate}, {"length", &model.length}});
  if (!status) return status.error();
  if (model.rate <= 0) return bad_rates();
  return draw(model, seed);
}

Result<ArrivalTimes> draw_gamma_renewal(std::string_view text, uint64_t seed) {
  GammaRenewal model;
  auto status = fill(text, {{"rate", &model.rate}, {"cv", &model.cv}, {"length", &model.length}});
  if (!status) return status.error();
  if (model.rate <= 0) return bad_rates();
  if (model.cv < 0.05 || model.cv > 50) return Error{"the generator's cv goes from 0.05 to 50"};
  return draw(model, seed);
}

Result<ArrivalTimes> draw_mmpp(std::string_view text, uint64_t seed) {
  Mmpp2 model;
  auto status = fill(text, {{"low", &model.low},
                            {"high", &model.high},
                            {"mean_low", &model.mean_low},
                            {"mean_high", &model.mean_high},
                            {"length", &model.length}});
  if (!status) return status.error();
  if (model.low + model.high <= 0) return bad_rates();
  return draw(model, seed);
}

Result<ArrivalTimes> draw_diurnal(std::string_view text, uint64_t seed) {
  Diurnal model;
  auto status = fill(text, {{"mean", &model.mean},
                            {"swing", &model.swing},
                            {"period", &model.period},
                            {"length", &model.length}});
  if (!status) return status.error();
  if (model.mean <= 0) return bad_rates();
  if (model.swing > 1) return Error{"the generator's swing goes from 0 to 1"};
  return draw(model, seed);
}

Result<ArrivalTimes> draw_flash(std::string_view text, uint64_t seed) {
  FlashCrowd model;
  auto status = fill(text, {{"base", &model.base},
                            {"peak", &model.peak},
                            {"start", &model.start},
                            {"rise", &model.rise},
                            {"hold", &model.hold},
                            {"fall", &model.fall},
                            {"length", &model.length}});
  if (!status) return status.error();
  if (model.base + model.peak <= 0) return bad_rates();
  return draw(model, seed);
}

Result<ArrivalTimes> draw_weekly(std::string_view text, uint64_t seed) {
  Weekly model;
  auto status = fill(text, {{"mean", &model.mean},
                            {"swing", &model.swing},
                            {"weekend", &model.weekend},
                            {"peak", &model.peak},
                            {"every", &model.every},
                            {"at", &model.at},
                            {"hold", &model.hold},
                            {"jitter", &model.jitter},
                            {"skip", &model.skip},
                            {"holiday_at", &model.holiday_at},
                            {"holiday", &model.holiday},
                            {"length", &model.length}});
  if (!status) return status.error();
  if (model.mean + model.peak <= 0) return bad_rates();
  if (model.swing > 1) return Error{"the generator's swing goes from 0 to 1"};
  if (model.skip > 1) return Error{"the generator's skip goes from 0 to 1"};
  return draw(model, seed);
}

}  // namespace

Result<ArrivalTimes> draw_named(std::string_view text, uint64_t seed) {
  const size_t colon = text.find(':');
  const std::string_view kind = trim(text.substr(0, colon));
  const std::string_view keys = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (kind == "poisson") return draw_poisson(keys, seed);
  if (kind == "gamma") return draw_gamma_renewal(keys, seed);
  if (kind == "mmpp") return draw_mmpp(keys, seed);
  if (kind == "diurnal") return draw_diurnal(keys, seed);
  if (kind == "flash") return draw_flash(keys, seed);
  if (kind == "weekly") return draw_weekly(keys, seed);
  return Error{"there is no generator \"" + std::string(kind) +
               "\": write poisson:, gamma:, mmpp:, diurnal:, flash: or weekly:, for example "
               "gamma:rate=2,cv=4,length=1d"};
}

}  // namespace warmgate::workload
