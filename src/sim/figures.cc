#include "sim/figures.h"

namespace warmgate::sim {
namespace {

double mean_of(double a, double weight_a, double b, double weight_b) {
  const double weight = weight_a + weight_b;
  return weight > 0 ? (a * weight_a + b * weight_b) / weight : a;
}

void add_cost(Cost& cost, const Cost& other) {
  cost.always_on += other.always_on;
  cost.serverless_cpu += other.serverless_cpu;
  cost.serverless_memory += other.serverless_memory;
  cost.serverless_requests += other.serverless_requests;
  cost.serverless_idle += other.serverless_idle;
}

void add_wakes(Wakes& wakes, const Wakes& other) {
  wakes.total += other.total;
  wakes.useful += other.useful;
  wakes.wasted += other.wasted;
  wakes.usd += other.usd;
}

}  // namespace

void Figures::add(const Figures& other) {
  always_on_utilisation = mean_of(always_on_utilisation, to_seconds(span),
                                  other.always_on_utilisation, to_seconds(other.span));
  serverless_share = mean_of(serverless_share, static_cast<double>(answered),
                             other.serverless_share, static_cast<double>(other.answered));
  span += other.span;
  add_cost(cost, other.cost);
  requests += other.requests;
  answered += other.answered;
  late += other.late;
  refused += other.refused;
  failed += other.failed;
  for (size_t i = 0; i < violations_by_cause.size(); ++i) {
    violations_by_cause[i] += other.violations_by_cause[i];
  }
  for (size_t i = 0; i < shed_by_reason.size(); ++i) shed_by_reason[i] += other.shed_by_reason[i];
  refused_low_priority += other.refused_low_priority;
  latency.merge(other.latency);
  starts += other.starts;
  cold_starts_seen += other.cold_starts_seen;
  cold_starts_late += other.cold_starts_late;
  cold_starts_hidden += other.cold_starts_hidden;
  add_wakes(wakes, other.wakes);
  bypasses += other.bypasses;
  bypasses_won += other.bypasses_won;
  retries += other.retries;
  steps += other.steps;
  stopped |= other.stopped;
}

const char* name(ViolationCause cause) {
  switch (cause) {
    case ViolationCause::failed:
      return "failed";
    case ViolationCause::impossible:
      return "impossible";
    case ViolationCause::start:
      return "start";
    case ViolationCause::refused:
      return "refused";
    case ViolationCause::queued:
      return "queued";
    case ViolationCause::slow:
      return "slow";
  }
  return "";
}

}  // namespace warmgate::sim
