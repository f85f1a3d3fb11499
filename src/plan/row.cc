#include "plan/row.h"

#include <algorithm>

#include "plan/text.h"

namespace warmgate::plan {
namespace {

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Row row_of(const Found& found, const Plan& plan, double target) {
  const Trial& trial = found.best.trial;
  const sim::Figures& figures = found.best.figures;
  const double months = to_seconds(figures.span) / to_seconds(sim::kMonth);
  const Size size = trial.used_size();
  Row row{.policy = std::string(found.policy->name),
          .setting = trial.chosen().text,
          .always_on = size.text(),
          .always_on_slots = size.all_slots()};
  if (found.policy->uses_serverless()) {
    row.vcpus = trial.vcpus;
    row.memory_gib = trial.memory_gib;
    row.concurrency = trial.concurrency;
    row.instance = number(trial.vcpus) + " vCPU, " + number(trial.memory_gib) + " GiB, " +
                   std::to_string(trial.concurrency) + " at a time";
  }
  row.usd_per_month = figures.usd_per_month();
  row.always_on_usd = figures.cost.always_on / months;
  row.serverless_usd = figures.cost.serverless() / months;
  row.cost_over_oracle = plan.oracle_usd > 0 ? row.usd_per_month / plan.oracle_usd : 0;
  row.requests = figures.requests;
  row.violations = figures.violations();
  row.violations_per_million = figures.violations_per_million();
  row.meets_target = found.best.meets(target);
  row.p50_s = to_seconds(figures.latency.quantile(0.5));
  row.p99_s = to_seconds(figures.latency.quantile(0.99));
  row.p999_s = to_seconds(figures.latency.quantile(0.999));
  row.max_s = to_seconds(figures.latency.max());
  row.cold_starts_seen = figures.cold_starts_seen;
  row.cold_starts_seen_per_million = 1e6 * share(figures.cold_starts_seen, figures.requests);
  row.cold_starts_hidden = figures.cold_starts_hidden;
  row.wakes = figures.wakes.total;
  row.wakes_useful = figures.wakes.useful;
  row.wakes_wasted = figures.wakes.wasted;
  row.wakes_usd = figures.wakes.usd / months;
  row.bypass_share = share(figures.bypasses, figures.requests);
  row.bypass_win_rate = share(figures.bypasses_won, figures.bypasses);
  row.shed_low = figures.refused_low_priority;
  row.shed_high = figures.refused - figures.refused_low_priority;
  row.failed = figures.failed;
  row.always_on_utilisation = figures.always_on_utilisation;
  row.serverless_share = figures.serverless_share;
  row.is_oracle = found.policy->kind == Policy::Kind::oracle;
  return row;
}

std::vector<Row> rows_of(const Plan& plan, double target) {
  std::vector<Row> rows;
  for (const Found& found : plan.found) rows.push_back(row_of(found, plan, target));
  return rows;
}

}  // namespace warmgate::plan
