#include "serverless/meter.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::serverless {
namespace {

double billed(double used, double included, bool use_free_tier) {
  return use_free_tier ? std::max(0.0, used - included) : used;
}

}  // namespace

Meter::Meter(const MeterSettings& settings, uint32_t min_instances)
    : settings_(settings), min_instances_(min_instances) {
  WG_ASSERT(settings.granularity > 0s, "billing needs a granularity");
}

void Meter::instance_started(Instant now, InstanceId id) {
  accumulate_idle(now);
  auto [it, is_new] = instances_.try_emplace(id);
  WG_ASSERT(is_new, "an instance starts once");
  it->second.active.begin(now);
  it->second.life.begin(now);
  ++active_count_;
}

void Meter::set_active(Instant now, InstanceId id, bool active) {
  auto it = instances_.find(id);
  WG_ASSERT(it != instances_.end(), "the meter knows every instance");
  billing::BilledTime& time = it->second.active;
  if (time.open() == active) return;
  accumulate_idle(now);
  if (active) {
    time.begin(now);
    ++active_count_;
  } else {
    time.end(now, settings_.granularity);
    --active_count_;
  }
}

void Meter::instance_ended(Instant now, InstanceId id) {
  set_active(now, id, false);
  accumulate_idle(now);
  auto it = instances_.find(id);
  it->second.life.end(now, settings_.granularity);
  ended_active_ += it->second.active.total(now, settings_.granularity);
  ended_life_ += it->second.life.total(now, settings_.granularity);
  instances_.erase(it);
}

Bill Meter::bill(Instant now) const {
  Bill bill;
  bill.requests = requests_;
  bill.request_active = ended_active_;
  bill.instance_life = ended_life_;
  for (const auto& [id, instance] : instances_) {
    bill.request_active += instance.active.total(now, settings_.granularity);
    bill.instance_life += instance.life.total(now, settings_.granularity);
  }
  bill.request_idle = billing::round_up(kept_idle(now), settings_.granularity);
  price(bill);
  return bill;
}

void Meter::accumulate_idle(Instant now) {
  kept_idle_ = kept_idle(now);
  idle_since_ = now;
}

Duration Meter::kept_idle(Instant now) const {
  // Busy instances fulfil the minimum too; only the rest of it idles at the owner's wish.
  const size_t idle = instances_.size() - active_count_;
  const size_t wanted = min_instances_ > active_count_ ? min_instances_ - active_count_ : 0;
  return kept_idle_ + (now - idle_since_) * static_cast<int64_t>(std::min(idle, wanted));
}

void Meter::price(Bill& bill) const {
  const billing::Prices& prices = settings_.prices;
  const billing::FreeTier& free = settings_.free_tier;
  const bool use_free = settings_.use_free_tier;
  const double active = to_seconds(bill.request_active);
  const double idle = to_seconds(bill.request_idle);
  const double life = to_seconds(bill.instance_life);
  bill.request_usd =
      billed(active * settings_.vcpus, free.request_vcpu_s, use_free) * prices.request_vcpu_s +
      billed(active * settings_.memory_gib, free.request_gib_s, use_free) * prices.request_gib_s +
      idle * (settings_.vcpus * prices.idle_vcpu_s + settings_.memory_gib * prices.idle_gib_s) +
      billed(static_cast<double>(bill.requests), free.requests, use_free) * 1e-6 *
          prices.request_million;
  bill.instance_usd =
      billed(life * settings_.vcpus, free.instance_vcpu_s, use_free) * prices.instance_vcpu_s +
      billed(life * settings_.memory_gib, free.instance_gib_s, use_free) * prices.instance_gib_s +
      (settings_.gpu ? life * prices.gpu_s : 0);
}

}  // namespace warmgate::serverless
