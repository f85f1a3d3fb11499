#include "load/report.h"

#include <nlohmann/json.hpp>

#include "load/text.h"

namespace warmgate::load {
namespace {

using Json = nlohmann::ordered_json;
using stats::LatencyHistogram;

// The endings that are errors, with what a person calls them.
struct ErrorKind {
  Ending ending;
  const char* words;
};
constexpr ErrorKind kErrorKinds[] = {
    {Ending::not_sent, "not sent: all our connections were busy"},
    {Ending::connect_failed, "no connection"},
    {Ending::timed_out, "timed out"},
    {Ending::broken, "broken connection or answer"},
    {Ending::refused_429, "429 too many requests"},
    {Ending::refused_503, "503 unavailable"},
    {Ending::failed_5xx, "other 5xx"},
    {Ending::refused_4xx, "other 4xx"},
    {Ending::redirected, "1xx or 3xx, not followed"},
};

std::string row(std::string label, const std::string& text) {
  label.resize(std::max<size_t>(label.size(), 16), ' ');
  return "  " + label + text + "\n";
}

std::string quantiles_text(const LatencyHistogram& latency) {
  if (latency.count() == 0) return "-";
  return "p50 " + format_latency(latency.quantile(0.5)) + ", p90 " +
         format_latency(latency.quantile(0.9)) + ", p99 " + format_latency(latency.quantile(0.99)) +
         ", p99.9 " + format_latency(latency.quantile(0.999)) + ", max " +
         format_latency(latency.max());
}

std::string errors_text(const Tally& tally) {
  std::string text;
  for (const auto& [ending, words] : kErrorKinds) {
    if (tally.count(ending) == 0) continue;
    text += row("", std::to_string(tally.count(ending)) + " " + words);
  }
  return text;
}

std::string pools_text(const Tally& tally) {
  std::string text;
  for (const auto& [name, pool] : tally.pools()) {
    text += row(name, std::to_string(pool.answers) + " answers, " + quantiles_text(pool.latency) +
                          (pool.cold_starts > 0
                               ? ", " + std::to_string(pool.cold_starts) + " cold starts seen"
                               : ""));
  }
  return text;
}

std::string answers_text(const Tally& tally) {
  if (tally.checked() == 0) return "";
  std::string text = std::to_string(tally.count(Ending::wrong)) + " of " +
                     std::to_string(tally.checked()) + " checked";
  if (tally.rows() > 0) {
    text += "; the model agrees with " + format_share(tally.rows_true(), tally.rows()) +
            " of the labels";
  }
  return row("wrong answers", text);
}

Json quantiles_json(const LatencyHistogram& latency) {
  if (latency.count() == 0) return nullptr;
  return {{"p50", to_millis(latency.quantile(0.5))},
          {"p90", to_millis(latency.quantile(0.9))},
          {"p99", to_millis(latency.quantile(0.99))},
          {"p99.9", to_millis(latency.quantile(0.999))},
          {"max", to_millis(latency.max())},
          {"mean", to_millis(latency.mean())},
          {"count", latency.count()}};
}

Json errors_json(const Tally& tally) {
  Json errors = {{"total", tally.errors()}};
  for (const auto& kind : kErrorKinds) {
    errors[std::string(name(kind.ending))] = tally.count(kind.ending);
  }
  return errors;
}

Json pools_json(const Tally& tally) {
  Json pools = Json::object();
  for (const auto& [name, pool] : tally.pools()) {
    pools[name] = {{"answers", pool.answers},
                   {"cold_starts_seen", pool.cold_starts},
                   {"latency_ms", quantiles_json(pool.latency)}};
  }
  return pools;
}

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string report_table(const Tally& tally, const RunFacts& facts) {
  std::string text = "\n" + facts.target + ": " + std::to_string(tally.arrivals()) +
                     " requests in " + format_seconds(facts.elapsed) +
                     (facts.interrupted ? ", interrupted" : "") + "\n";
  text += row("answered", std::to_string(tally.answers()) + ", of them " +
                              std::to_string(tally.count(Ending::ok)) + " good");
  text += answers_text(tally);
  text += row("errors", std::to_string(tally.errors()));
  text += errors_text(tally);
  if (tally.count(Ending::abandoned) > 0) {
    text += row("given up", std::to_string(tally.count(Ending::abandoned)) +
                                " were still open when the run was interrupted");
  }
  text += row("latency", quantiles_text(tally.latency()));
  if (tally.refusal_latency().count() > 0) {
    text += row("refusals took", quantiles_text(tally.refusal_latency()));
  }
  text += row("over the SLO", std::to_string(tally.over_slo()) + " (" +
                                  format_share(tally.over_slo(), tally.arrivals()) +
                                  ") had no good answer within " + format_duration(tally.slo()));
  text +=
      row("cold starts", std::to_string(tally.cold_starts()) + " seen by requests, " +
                             std::to_string(tally.late_cold_starts()) + " of them over the SLO");
  text += pools_text(tally);
  for (const auto& [reason, count] : tally.reasons()) {
    text += row("reason", std::to_string(count) + " " + reason);
  }
  if (facts.bad_trace_rows > 0) {
    text += row("trace", std::to_string(facts.bad_trace_rows) + " bad rows were left out");
  }
  // What the generator itself added: latency counts from the intended time, so it is part of it.
  text += row("sent late by", quantiles_text(tally.lag()));
  return text;
}

std::string report_json(const Tally& tally, const RunFacts& facts) {
  Json reasons = Json::object();
  for (const auto& [reason, count] : tally.reasons()) reasons[reason] = count;
  const Json report = {
      {"target", facts.target},
      {"elapsed_s", to_seconds(facts.elapsed)},
      {"interrupted", facts.interrupted},
      {"requests", tally.arrivals()},
      {"sent", tally.sent()},
      {"answered", tally.answers()},
      {"ok", tally.count(Ending::ok)},
      {"wrong_answers", tally.count(Ending::wrong)},
      {"checked_answers", tally.checked()},
      {"label_rows", tally.rows()},
      {"label_rows_true", tally.rows_true()},
      {"abandoned", tally.count(Ending::abandoned)},
      {"errors", errors_json(tally)},
      {"latency_ms", quantiles_json(tally.latency())},
      {"refusal_latency_ms", quantiles_json(tally.refusal_latency())},
      {"slo_ms", to_millis(tally.slo())},
      {"over_slo", tally.over_slo()},
      {"over_slo_share", share(tally.over_slo(), tally.arrivals())},
      {"cold_starts_seen", tally.cold_starts()},
      {"cold_starts_over_slo", tally.late_cold_starts()},
      {"pools", pools_json(tally)},
      {"reasons", reasons},
      {"bad_trace_rows", facts.bad_trace_rows},
      {"send_lag_ms", quantiles_json(tally.lag())},
      {"connections", {{"opened", facts.connections_opened}, {"reused", facts.connections_reused}}},
  };
  // Names of pools and reasons come from the server and need not be UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace warmgate::load
