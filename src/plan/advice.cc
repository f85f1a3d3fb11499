#include "plan/advice.h"

#include <algorithm>

#include "config/reference.h"
#include "plan/text.h"

namespace warmgate::plan {
namespace {

constexpr double kMuchLess = 0.75;  // of the price
constexpr double kNearly = 2;       // times the violations that the target allows

const Found* warmgate_of(const Plan& plan) {
  for (const Found& found : plan.found) {
    if (found.policy->kind == Policy::Kind::warmgate) return &found;
  }
  return nullptr;
}

// The best that anybody could have, `without` excluded; nullptr when there is no other.
const Found* best_of(const Plan& plan, double target, const Found* without) {
  const Found* best = nullptr;
  for (const Found& found : plan.found) {
    if (&found == without || found.policy->kind == Policy::Kind::oracle) continue;
    if (best == nullptr || better(found.best, best->best, target)) best = &found;
  }
  return best;
}

std::string what_to_take(const Row& row) {
  std::string text = row.policy;
  std::string details = row.always_on == "none" ? "" : row.always_on;
  if (!row.instance.empty()) {
    details += (details.empty() ? "" : " and ") + ("serverless instances of " + row.instance);
  }
  text += " with " + details;
  return row.setting.empty() ? text : text + ", set up as \"" + row.setting + "\"";
}

std::string what_is_noticed(const Row& row, const std::string& slo) {
  std::string text = whole(row.violations) + " of " + whole(row.requests) +
                     " requests not answered within " + slo + " (" +
                     with_places(row.violations_per_million, 0) + " per million)";
  return text;
}

std::string compared(const Row& mine, const Row& other) {
  const std::string whose =
      "the best of the others, " + other.policy +
      (other.always_on == "none" ? std::string(" without machines") : " on " + other.always_on);
  if (!other.meets_target) {
    return "none of the others meets the target; " + whose + " comes nearest with " +
           with_places(other.violations_per_million, 0) + " violations per million for " +
           usd(other.usd_per_month) + " USD";
  }
  const double ratio = other.usd_per_month / std::max(mine.usd_per_month, 1e-9);
  const std::string price = usd(other.usd_per_month) + " USD";
  if (ratio >= 1) {
    return whose + ", costs " + price + ", " + with_places(100 * (ratio - 1), 0) + " % more";
  }
  return whose + ", is cheaper: " + price + ", " + with_places(100 * (1 - ratio), 0) + " % less";
}

// A target that is missed narrowly for much less: with other draws of the same workload it may be
// met, and the recommendation another one. nullptr where there is no such thing.
const Point* near_miss(const Inputs& inputs, const Plan& plan, const Found& mine) {
  if (!mine.best.meets(inputs.target)) return nullptr;
  const auto requests = static_cast<double>(mine.best.figures.requests);
  const double impossible = static_cast<double>(mine.best.impossible) / requests;
  const Point* least = nullptr;
  for (const Point& point : plan.points) {
    const bool own = &plan.found[point.policy] == &mine;
    const bool near = point.violated - impossible <= kNearly * (1 - inputs.target);
    if (!own || !near || point.usd > kMuchLess * mine.best.usd()) continue;
    if (least == nullptr || point.usd < least->usd) least = &point;
  }
  return least;
}

}  // namespace

const Found& recommended(const Plan& plan, double target) {
  const Found* own = warmgate_of(plan);
  if (own != nullptr) return *own;
  const Found* best = best_of(plan, target, nullptr);
  return best != nullptr ? *best : plan.oracle();
}

std::string advice(const Inputs& inputs, const Plan& plan) {
  const Found& mine = recommended(plan, inputs.target);
  const Row row = row_of(mine, plan, inputs.target);
  const std::string slo = format_duration(inputs.world.slo);
  std::string text = "Take " + what_to_take(row) + ": " + usd(row.usd_per_month) +
                     " USD a month, " + with_places(row.cost_over_oracle, 2) +
                     " times what perfect foresight would pay, and " + what_is_noticed(row, slo);
  if (inputs.impossible > 0) {
    text += "; " + whole(inputs.impossible) + " of them " +
            (inputs.impossible == 1 ? "takes longer than that by itself"
                                    : "take longer than that by themselves");
  }
  if (!row.meets_target) text += ", which misses the target of " + nines(inputs.target);
  const Found* other = best_of(plan, inputs.target, &mine);
  if (other != nullptr) text += "; " + compared(row, row_of(*other, plan, inputs.target));
  text += ".";
  if (const Point* point = near_miss(inputs, plan, mine)) {
    text += " For " + usd(point->usd) + " USD the target is missed narrowly (" +
            with_places(1e6 * point->violated, 0) +
            " per million), and with other draws (--seed) perhaps met.";
  }
  return text;
}

// ---- configuration

namespace {

config::Backend example_backend(size_t index) {
  const std::string host = "10.0.0." + std::to_string(11 + index % 200);
  return {.url = "http://" + host + ":8080",
          .host = host,
          .port = 8080,
          .base_path = "",
          .host_header = host + ":8080"};
}

std::string from_scratch(const Inputs& inputs, const Found& mine, const std::string& head) {
  const Trial& trial = mine.best.trial;
  const sim::World world = world_of(inputs, trial);
  const Policy::Choice& choice = trial.chosen();
  std::string text = head;
  text += "# Put your own addresses in: those below are examples.\n";
  text += "services:\n  - name: model\n    slo: " + format_duration(world.slo) + "\n";
  text += "    prefer: ";
  text += choice.prefer == policy::Prefer::always_on ? "always_on\n" : "serverless\n";
  text += "    always_on:  # " + trial.size.text() + "\n      backends:\n";
  for (uint16_t i = 0; i < trial.size.machines; ++i) {
    text += "        - " + example_backend(i).url + "\n";
  }
  text += "      concurrency: " + std::to_string(trial.size.slots) + "\n";
  text += "    serverless:  # instances of " + number(trial.vcpus) + " vCPU, " +
          number(trial.memory_gib) + " GiB\n      backends: http://10.0.0.2:8080\n";
  text += "      concurrency: " + std::to_string(trial.concurrency) + "\n";
  text += "      max_instances: " + std::to_string(world.serverless.max_instances) + "\n";
  text += "      billing: ";
  text += world.serverless.billing == policy::Billing::request ? "request\n" : "instance\n";
  text += "      expected_cold_start: " +
          format_duration(std::max<Duration>(world.serverless.start.mean() / 1ms * 1ms, 1ms)) +
          "\n";
  text += "      idle_lifetime: " + format_duration(world.serverless.idle_limit) + "\n";
  if (choice.keep_warm) text += "      keep_warm: true\n";
  return text;
}

std::string from_config(const Inputs& inputs, const Found& mine, const std::string& head) {
  const Trial& trial = mine.best.trial;
  config::Config config = *inputs.config;
  config::Service& service = config.services.front();
  service.policy = settings_of(inputs, world_of(inputs, trial));
  service.policy.health = inputs.service()->policy.health;
  service.policy.serverless.backends = inputs.service()->policy.serverless.backends;
  service.always_on.resize(std::min<size_t>(service.always_on.size(), trial.size.machines));
  while (service.always_on.size() < trial.size.machines) {
    service.always_on.push_back(example_backend(service.always_on.size()));
  }
  return head + config::resolved_yaml(config);
}

}  // namespace

std::string recommended_config(const Inputs& inputs, const Plan& plan) {
  const Found* mine = warmgate_of(plan);
  if (mine == nullptr) return "";
  const Row row = row_of(*mine, plan, inputs.target);
  const std::string head = "# By `warmgate plan`: " + usd(row.usd_per_month) + " USD a month, " +
                           what_is_noticed(row, format_duration(inputs.world.slo)) + ".\n";
  return inputs.config ? from_config(inputs, *mine, head) : from_scratch(inputs, *mine, head);
}

}  // namespace warmgate::plan
