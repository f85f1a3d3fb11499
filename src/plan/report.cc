#include "plan/report.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "plan/advice.h"
#include "plan/chart.h"
#include "plan/report_charts.h"
#include "plan/report_template.h"
#include "plan/row.h"
#include "plan/text.h"

namespace warmgate::plan {
namespace {

constexpr uint32_t kBins = 360;
constexpr size_t kColours = 12;

using Parts = std::map<std::string, std::string, std::less<>>;

// Every {{NAME}} by its part, in one pass.
std::string filled(std::string_view page, const Parts& parts) {
  std::string text;
  for (;;) {
    const size_t open = page.find("{{");
    text += page.substr(0, open);
    if (open == std::string_view::npos) return text;
    const size_t close = page.find("}}", open);
    const auto part = parts.find(page.substr(open + 2, close - open - 2));
    if (part != parts.end()) text += part->second;
    page.remove_prefix(close + 2);
  }
}

std::string colours() {
  std::string css;
  for (size_t i = 0; i < kColours; ++i) {
    const std::string n = std::to_string(i);
    css += ".line.s" + n + " { stroke: var(--c" + n + "); } .point.s" + n + " { fill: var(--c" + n +
           "); } i.s" + n + " { background: var(--c" + n + "); }\n";
  }
  return css;
}

std::string figure(const std::string& value, const std::string& what) {
  return "<div><b>" + escaped(value) + "</b><span class=\"soft\">" + escaped(what) +
         "</span></div>";
}

std::string figures(const Inputs& inputs, const Row& row) {
  const std::string within = "of " + whole(row.requests) + " requests later than " +
                             format_duration(inputs.world.slo) + ", or not at all";
  return figure(usd(row.usd_per_month) + " USD", "a month") +
         figure(whole(row.violations), within) +
         figure(format_latency(from_seconds(row.p99_s)), "99th percentile") +
         figure(with_places(row.cost_over_oracle, 2) + " x", "what perfect foresight would pay") +
         figure(whole(row.cold_starts_seen), "requests that saw a cold start");
}

std::string input(const Inputs& inputs) {
  const Duration span = inputs.workload().back().at;
  return escaped(inputs.source) + ": " + whole(inputs.workload().size()) + " requests in " +
         format_duration(span / 1s * 1s) + ", to be answered within " +
         format_duration(inputs.world.slo) + "; cold start " +
         format_latency(inputs.world.serverless.start.mean()) + " on average; " +
         (inputs.world.serverless.billing == policy::Billing::request ? "request" : "instance") +
         "-based billing";
}

std::string cell(const std::string& text, std::string_view style = "") {
  const std::string attribute = style.empty() ? "" : " class=\"" + std::string(style) + "\"";
  return "<td" + attribute + ">" + escaped(text) + "</td>";
}

std::string table_row(const Row& row) {
  std::string html = row.policy == "warmgate" ? "<tr class=\"own\">" : "<tr>";
  html += cell(row.policy) + cell(row.always_on, "left") + cell(row.setting, "left");
  html += cell(usd(row.usd_per_month)) + cell(with_places(row.cost_over_oracle, 2));
  html += cell(whole(row.violations), row.meets_target ? "good" : "bad");
  html += cell(with_places(row.violations_per_million, 0));
  for (const double quantile : {row.p50_s, row.p99_s, row.p999_s, row.max_s}) {
    html += cell(format_latency(from_seconds(quantile)));
  }
  const auto known = [&](const std::string& text) { return cell(row.is_oracle ? "-" : text); };
  html += known(whole(row.cold_starts_seen)) + known(whole(row.cold_starts_hidden));
  html += known(row.always_on_slots > 0 ? percent(row.always_on_utilisation) : "-");
  return html + cell(percent(row.serverless_share)) + "</tr>\n";
}

std::string policies_table(const std::vector<Row>& rows) {
  std::string html = "<table class=\"policies\"><tr>";
  for (const char* head : {"policy", "machines", "set up as", "USD/month", "over oracle",
                           "violations", "per million", "p50", "p99", "p99.9", "max",
                           "cold starts seen", "hidden", "always-on used", "serverless"}) {
    html += "<th>" + std::string(head) + "</th>";
  }
  html += "</tr>\n";
  for (const Row& row : rows) html += table_row(row);
  return html + "</table>";
}

std::string nines_section(const Inputs& inputs, const Plan& plan) {
  if (inputs.size) return "";
  std::string html =
      "<section class=\"card\"><h2>The price of each further nine</h2><p class=\"soft\">USD a "
      "month for the cheapest configuration with that share of the requests in time.</p><div "
      "class=\"wide\"><table><tr><th>policy</th>";
  for (const double level : plan.levels) html += "<th>" + nines(level) + "</th>";
  html += "</tr>\n";
  for (const Found& found : plan.found) {
    html += "<tr>" + cell(std::string(found.policy->name));
    for (const Nine& nine : found.nines) html += cell(nine.usd > 0 ? usd(nine.usd) : "-");
    html += "</tr>\n";
  }
  return html + "</table></div></section>";
}

std::string notes(const Plan& plan) {
  return "Simulated by <code>warmgate plan</code> with the same policy code that the gateway "
         "runs; " +
         whole(plan.trials) +
         " configurations. Prices are list prices, without a free tier. No "
         "schedule that answers all in time on the oracle's machines can cost less than " +
         usd(plan.bound_usd_per_month) + " USD a month.";
}

}  // namespace

std::string report_page(const Inputs& inputs, const Plan& plan, const std::atomic<bool>& stop) {
  const Found& mine = recommended(plan, inputs.target);
  const std::vector<Row> rows = rows_of(plan, inputs.target);
  const sim::Timeline timeline = run_trial(inputs, mine.best.trial, &stop, kBins).figures.timeline;
  const std::string legend = policies_legend(plan);
  const Parts parts = {
      {"SOURCE", escaped(inputs.source)},
      {"COLOURS", colours()},
      {"INPUT", input(inputs)},
      {"ADVICE", escaped(advice(inputs, plan))},
      {"FIGURES", figures(inputs, row_of(mine, plan, inputs.target))},
      {"COURSE", escaped("With " + std::string(mine.policy->name) + " on " +
                         mine.best.trial.used_size().text() + "; means over " +
                         format_duration(std::max<Duration>(timeline.width / 1s * 1s, 1s)) + ".")},
      {"LOAD", load_chart(timeline)},
      {"POOLS", pools_chart(timeline)},
      {"LATENCY", latency_chart(inputs, plan)},
      {"FRONTIER", frontier_chart(inputs, plan)},
      {"LEGEND", legend},
      {"TABLE", policies_table(rows)},
      {"NINES", nines_section(inputs, plan)},
      {"NOTES", notes(plan)}};
  return filled(report_template(), parts);
}

}  // namespace warmgate::plan
