#include "plan/json.h"

#include <nlohmann/json.hpp>

#include "plan/advice.h"

namespace warmgate::plan {
namespace {

using Json = nlohmann::ordered_json;

Json cost_of(const sim::Cost& cost, double months) {
  return {{"always_on", cost.always_on / months},
          {"serverless_cpu", cost.serverless_cpu / months},
          {"serverless_memory", cost.serverless_memory / months},
          {"serverless_requests", cost.serverless_requests / months},
          {"serverless_idle", cost.serverless_idle / months}};
}

Json causes_of(const sim::Figures& figures) {
  Json causes = Json::object();
  for (size_t i = 0; i < sim::kViolationCauses; ++i) {
    causes[sim::name(static_cast<sim::ViolationCause>(i))] = figures.violations_by_cause[i];
  }
  return causes;
}

Json row_json(const Row& row, const Found& found) {
  const sim::Figures& figures = found.best.figures;
  const double months = to_seconds(figures.span) / to_seconds(sim::kMonth);
  Json json = {{"policy", row.policy},
               {"setting", row.setting},
               {"always_on", row.always_on},
               {"always_on_slots", row.always_on_slots},
               {"serverless_vcpus", row.vcpus},
               {"serverless_memory_gib", row.memory_gib},
               {"serverless_concurrency", row.concurrency},
               {"meets_target", row.meets_target},
               {"usd_per_month", row.usd_per_month},
               {"cost_over_oracle", row.cost_over_oracle},
               {"cost_per_month", cost_of(figures.cost, months)},
               {"requests", row.requests},
               {"violations", row.violations},
               {"violations_per_million", row.violations_per_million},
               {"p50_s", row.p50_s},
               {"p99_s", row.p99_s},
               {"p999_s", row.p999_s},
               {"max_s", row.max_s}};
  if (!row.is_oracle) {
    json.update({{"violations_by_cause", causes_of(figures)},
                 {"late", figures.late},
                 {"starts", figures.starts},
                 {"span_s", to_seconds(figures.span)},
                 {"cold_starts_seen", row.cold_starts_seen},
                 {"cold_starts_seen_per_million", row.cold_starts_seen_per_million},
                 {"cold_starts_hidden", row.cold_starts_hidden},
                 {"wakes", row.wakes},
                 {"wakes_useful", row.wakes_useful},
                 {"wakes_wasted", row.wakes_wasted},
                 {"wakes_usd_per_month", row.wakes_usd},
                 {"bypass_share", row.bypass_share},
                 {"bypass_win_rate", row.bypass_win_rate},
                 {"retries", figures.retries},
                 {"shed_low_priority", row.shed_low},
                 {"shed_high_priority", row.shed_high},
                 {"failed", row.failed},
                 {"always_on_utilisation", row.always_on_utilisation}});
  }
  json["serverless_share"] = row.serverless_share;
  Json nines = Json::array();
  for (const Nine& nine : found.nines) {
    nines.push_back({{"target", nine.target},
                     {"usd_per_month", nine.usd > 0 ? Json(nine.usd) : Json(nullptr)}});
  }
  json["price_of_nines"] = nines;
  return json;
}

}  // namespace

std::string to_json(const Inputs& inputs, const Plan& plan, const std::vector<Row>& rows) {
  Json json = {
      {"slo_s", to_seconds(inputs.world.slo)},
      {"target", inputs.target},
      {"source", inputs.source},
      {"requests", inputs.workload().size()},
      {"impossible", inputs.impossible},
      {"span_s", to_seconds(inputs.workload().back().at)},
      {"mean_load_slots", inputs.mean_load()},
      {"bad_rows", inputs.recorded.bad_rows.count()},
      {"seed", inputs.seed},
      {"seeds", inputs.seeds()},
      {"searched", !inputs.size.has_value()},
      {"billing",
       inputs.world.serverless.billing == policy::Billing::request ? "request" : "instance"},
      {"cold_start_mean_s", to_seconds(inputs.world.serverless.start.mean())},
      {"oracle_usd_per_month", plan.oracle_usd},
      {"lower_bound_usd_per_month", plan.bound_usd_per_month},
      {"recommendation", advice(inputs, plan)},
      {"rows", Json::array()}};
  for (size_t i = 0; i < rows.size(); ++i) json["rows"].push_back(row_json(rows[i], plan.found[i]));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace warmgate::plan
