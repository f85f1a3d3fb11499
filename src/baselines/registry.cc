#include "baselines/registry.h"

#include <array>

#include "baselines/makers.h"

namespace warmgate::baselines {
namespace {

constexpr std::array kShares = {0.1, 0.25, 0.5, 0.75, 0.9};
constexpr std::array kMinInstances = {1.0, 2.0, 3.0, 5.0, 8.0, 12.0};

// Knative's activator holds a request until a pod is ready, up to the revision's time-out of 300 s.
// Its autoscaler aims at 70 % of the concurrency, over 6 s when it panics; a pod without requests
// ends when the stable window of 60 s and the grace of 30 s are over.
constexpr Platform kKnative = {
    .target_utilisation = 0.7, .scale_window = 6s, .idle_lifetime = 90s, .hold = 300s};

template <std::unique_ptr<Dispatcher> (*kMake)(const ServiceSettings&)>
std::unique_ptr<Dispatcher> plain(const ServiceSettings& settings, double) {
  return kMake(settings);
}

const std::array<Alternative, 8> kAlternatives = {{
    {.name = "always-on",
     .description = "machines behind a load balancer, first come first served",
     .serverless = false,
     .make = plain<make_always_on_only>},
    {.name = "serverless",
     .description = "the scale-to-zero platform alone",
     .always_on = false,
     .make = plain<make_serverless_only>},
    {.name = "min-instances",
     .description = "the platform alone, n instances kept and paid while idle",
     .always_on = false,
     .choices = kMinInstances,
     .choice_is_min_instances = true,
     .make = plain<make_serverless_only>},
    {.name = "static-split",
     .description = "a load balancer with fixed weights over both pools",
     .choices = kShares,
     .make = make_static_split},
    {.name = "nginx-backup",
     .description = "nginx: serverless as backup while no machine is available",
     .make = plain<make_nginx_backup>},
    {.name = "keda-like",
     .description = "hold until serverless is ready, up to 30 s, then the machines as fallback",
     .make = plain<make_keda_like>},
    {.name = "knative-like",
     .description = "Knative's activator and autoscaler, scaled to zero after 90 s",
     .always_on = false,
     .platform = kKnative,
     .make = plain<make_serverless_only>},
    {.name = "mark-like",
     .description = "machines while they meet the SLO, else blind overflow to serverless",
     .make = plain<make_mark_like>},
}};

}  // namespace

std::span<const Alternative> alternatives() {
  return kAlternatives;
}

const Alternative* find_alternative(std::string_view name) {
  for (const Alternative& alternative : kAlternatives) {
    if (alternative.name == name) return &alternative;
  }
  return nullptr;
}

}  // namespace warmgate::baselines
