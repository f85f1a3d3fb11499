#include "plan/report_charts.h"

#include <algorithm>
#include <cmath>

#include "plan/chart.h"
#include "plan/text.h"

namespace warmgate::plan {
namespace {

using Kind = Axis::Kind;

constexpr double kLeastShare = 1e-6;  // of requests, where the logarithmic axis ends

double end_of(const sim::Timeline& timeline) {
  return to_seconds(timeline.width) * static_cast<double>(timeline.bins.size());
}

// A step for each bin.
template <class Value>
Chart::Points steps(const sim::Timeline& timeline, const Value& value) {
  Chart::Points points;
  const double width = to_seconds(timeline.width);
  for (size_t i = 0; i < timeline.bins.size(); ++i) {
    const double begin = width * static_cast<double>(i);
    const double height = value(timeline.bins[i]);
    points.emplace_back(begin, height);
    points.emplace_back(begin + width, height);
  }
  return points;
}

double highest(const Chart::Points& points) {
  double most = 0;
  for (const auto& [x, y] : points) most = std::max(most, y);
  return most;
}

std::string per_cent(double share) {
  return number(100 * share) + " %";
}
std::string seconds(double value) {
  return value < 0.9995 ? number(1000 * value) + " ms" : number(value) + " s";
}
std::string per_million(double share) {
  return whole(static_cast<uint64_t>(std::llround(1e6 * share)));
}

std::string legend_item(const std::string& style, const std::string& text) {
  return "<li><i class=\"" + style + "\"></i>" + escaped(text) + "</li>";
}

// The share of all requests that were not answered within a time, from the histogram's buckets.
Chart::Points slower_than(const sim::Figures& figures) {
  Chart::Points points;
  const auto buckets = figures.latency.buckets();
  const auto all = static_cast<double>(figures.requests);
  uint64_t within = 0;
  double share = 1;
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] == 0) continue;
    const double at = to_seconds(stats::LatencyHistogram::lower_bound(i + 1));
    points.emplace_back(at, share);
    within += buckets[i];
    share = 1 - static_cast<double>(within) / all;
    points.emplace_back(at, share);
  }
  return points;
}

}  // namespace

std::string colour(size_t policy) {
  return "s" + std::to_string(policy % 12);
}

std::string load_chart(const sim::Timeline& timeline) {
  const double width = to_seconds(timeline.width);
  const auto rate =
      steps(timeline, [&](const auto& bin) { return static_cast<double>(bin.arrivals) / width; });
  Chart chart({Kind::time, 0, end_of(timeline), "time"},
              {Kind::linear, 0, highest(rate) * 1.05, "requests per second"}, 190);
  chart.area(rate, "load");
  return chart.svg("Requests per second over time");
}

std::string pools_chart(const sim::Timeline& timeline) {
  const auto always_on = steps(timeline, [](const auto& bin) { return bin.always_on_in_flight; });
  const auto serverless = steps(timeline, [](const auto& bin) { return bin.serverless_in_flight; });
  const auto instances = steps(timeline, [](const auto& bin) { return bin.instances; });
  const auto queued = steps(timeline, [](const auto& bin) { return bin.queued; });
  const double most =
      std::max({highest(always_on), highest(serverless), highest(instances), highest(queued)});
  Chart chart({Kind::time, 0, end_of(timeline), "time"},
              {Kind::linear, 0, most * 1.05, "requests, instances"}, 260);
  chart.area(instances, "instances");
  chart.line(serverless, "serverless", "at work on serverless");
  chart.line(always_on, "always-on", "at work on the always-on pool");
  chart.line(queued, "queued", "waiting in the gateway");
  return chart.svg("Requests at work in both pools, and instances, over time") +
         "<ul class=\"legend\">" + legend_item("always-on", "at work on the always-on pool") +
         legend_item("serverless", "at work on serverless") +
         legend_item("instances", "instances, starting or ready") +
         legend_item("queued", "waiting in the gateway") + "</ul>";
}

std::string latency_chart(const Inputs& inputs, const Plan& plan) {
  double least = 1e9, most = 0;
  for (const Found& found : plan.found) {
    const auto& latency = found.best.figures.latency;
    if (latency.count() == 0) continue;
    least = std::min(least, to_seconds(latency.quantile(0.001)));
    most = std::max(most, to_seconds(latency.max()));
  }
  const auto requests = static_cast<double>(inputs.workload().size());
  const double floor = std::clamp(1 / requests, kLeastShare, 1e-2);
  Axis x(Kind::logarithmic, std::max(least, 1e-4), std::max(most, least * 10), "latency");
  Axis y(Kind::logarithmic, floor, 1, "requests that took longer");
  Chart chart(x.written(seconds), y.written(per_cent), 380);
  chart.vertical(to_seconds(inputs.world.slo), "SLO");
  chart.horizontal(1 - inputs.target, "target");
  // warmgate, the first, on top.
  for (size_t i = plan.found.size(); i-- > 0;) {
    chart.line(slower_than(plan.found[i].best.figures), colour(i),
               std::string(plan.found[i].policy->name));
  }
  return chart.svg("Share of requests that took longer, by latency, for each policy");
}

std::string frontier_chart(const Inputs& inputs, const Plan& plan) {
  double least = 1e12, most = 0;
  for (const Found& found : plan.found) {
    least = std::min(least, found.best.usd());
    most = std::max(most, found.best.usd());
  }
  // Configurations that nobody would take, at many times the price, are left at the edge.
  const auto requests = static_cast<double>(inputs.workload().size());
  const double none = std::clamp(0.3 / requests, kLeastShare / 10, 1e-2);
  const auto shown = [none](double violated) { return std::max(violated, none); };
  Axis x(Kind::logarithmic, std::max(least * 0.7, 1e-3), most * 2, "USD per month");
  Axis y(Kind::logarithmic, none, 1, "violations per million");
  Chart chart(x.written(number), y.written(per_million), 400);
  chart.horizontal(1 - inputs.target, "target");
  const Outcome& oracle = plan.oracle().best;
  chart.corner(oracle.usd(), shown(oracle.violated()), "the oracle's corner");
  for (const Point& point : plan.points) {
    if (point.usd > most * 2) continue;
    chart.point(point.usd, shown(point.violated), 2.5, colour(point.policy) + " faint",
                inputs.policies[point.policy].name);
  }
  for (size_t i = plan.found.size(); i-- > 0;) {
    const Outcome& best = plan.found[i].best;
    const std::string title = std::string(plan.found[i].policy->name) + ": " + usd(best.usd()) +
                              " USD, " + with_places(1e6 * best.violated(), 0) + " per million";
    chart.point(best.usd(), shown(best.violated()), i == 0 ? 8 : 6, colour(i), title);
  }
  return chart.svg("Cost against violations of each configuration that was tried");
}

std::string policies_legend(const Plan& plan) {
  std::string list = "<ul class=\"legend\">";
  for (size_t i = 0; i < plan.found.size(); ++i) {
    list += legend_item(colour(i), std::string(plan.found[i].policy->name));
  }
  return list + "</ul>";
}

}  // namespace warmgate::plan
