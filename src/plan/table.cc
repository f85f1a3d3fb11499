#include "plan/table.h"

#include <algorithm>
#include <cstdint>

#include "plan/text.h"

namespace warmgate::plan {
namespace {

using Cells = std::vector<std::string>;

// Width on the terminal: bytes that begin a character.
size_t width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// The first `left` columns are aligned left, the others right; two spaces between.
std::string laid_out(const std::vector<Cells>& lines, size_t left) {
  std::vector<size_t> widths;
  for (const Cells& cells : lines) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width(cells[i]));
  }
  std::string text;
  for (const Cells& cells : lines) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - width(cells[i]), ' ');
      line += i < left ? cells[i] + space : space + cells[i];
      if (i + 1 < cells.size()) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string wakes(const Row& row) {
  if (row.wakes == 0) return "-";
  return whole(row.wakes_useful) + "/" + whole(row.wakes_wasted) + "/" + usd(row.wakes_usd);
}

std::string bypass(const Row& row) {
  if (row.bypass_share == 0) return "-";
  return percent(row.bypass_share) + "/" + percent(row.bypass_win_rate);
}

std::string configuration(const Row& row) {
  std::string text = row.always_on;
  if (!row.instance.empty()) text += " + " + number(row.vcpus) + " vCPU";
  return text;
}

Cells cells_of(const Row& row, bool searched) {
  Cells cells = {row.policy + (row.meets_target ? "" : " *")};
  if (searched) cells.push_back(configuration(row));
  cells.push_back(row.setting);
  const Cells figures = {usd(row.usd_per_month),
                         with_places(row.cost_over_oracle, 2),
                         whole(row.requests),
                         whole(row.violations),
                         with_places(row.violations_per_million, 0),
                         format_latency(from_seconds(row.p50_s)),
                         format_latency(from_seconds(row.p99_s)),
                         format_latency(from_seconds(row.p999_s)),
                         format_latency(from_seconds(row.max_s)),
                         with_places(row.cold_starts_seen_per_million, 0),
                         whole(row.cold_starts_hidden),
                         wakes(row),
                         bypass(row),
                         whole(row.shed_low) + "/" + whole(row.shed_high),
                         row.always_on_slots > 0 ? percent(row.always_on_utilisation) : "-",
                         percent(row.serverless_share)};
  cells.insert(cells.end(), figures.begin(), figures.end());
  if (!row.is_oracle) return cells;
  for (const size_t from_end : {7u, 6u, 5u, 4u, 3u, 2u}) cells[cells.size() - from_end] = "-";
  return cells;
}

}  // namespace

std::string table(const std::vector<Row>& rows, bool searched) {
  Cells first = {""}, second = {"policy"};
  if (searched) {
    first.emplace_back();
    second.emplace_back("machines + instance");
  }
  first.emplace_back();
  second.emplace_back("set up as");
  const Cells above = {"USD per", "over", "",          "viola-",    "per",  "",
                       "",        "",     "",          "cold seen", "cold", "wakes useful",
                       "bypass",  "shed", "always-on", "server-"};
  const Cells below = {"month",     "oracle",   "requests", "tions",    "million", "p50",
                       "p99",       "p99.9",    "max",      "/million", "hidden",  "/wasted/USD",
                       "share/won", "low/high", "used",     "less"};
  first.insert(first.end(), above.begin(), above.end());
  second.insert(second.end(), below.begin(), below.end());
  std::vector<Cells> lines = {first, second};
  for (const Row& row : rows) lines.push_back(cells_of(row, searched));
  return laid_out(lines, searched ? 3 : 2);
}

std::string nines_table(const Plan& plan) {
  Cells head = {"USD per month for"};
  for (const double level : plan.levels) head.push_back(nines(level));
  std::vector<Cells> lines = {head};
  for (const Found& found : plan.found) {
    Cells cells = {std::string(found.policy->name)};
    for (const Nine& nine : found.nines) cells.push_back(nine.usd > 0 ? usd(nine.usd) : "-");
    lines.push_back(cells);
  }
  return laid_out(lines, 1);
}

}  // namespace warmgate::plan
