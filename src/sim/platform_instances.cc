// The life of instances from the order to the end, and what the platform bills for them.
#include <algorithm>

#include "base/assert.h"
#include "sim/bill.h"
#include "sim/platform.h"

namespace warmgate::sim {

Processor Platform::processor() const {
  return model_.share_cores ? Processor::shared(model_.vcpus) : Processor::exclusive();
}

uint32_t Platform::order(bool by_wake, Instant ready) {
  add_kept_idle();
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(instances_.size()));
    instances_.emplace_back(processor());
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  live_.push_back(index);
  Instance& instance = instances_[index];
  instance = Instance(processor());
  instance.key = ++last_key_;
  instance.check = ++last_check_;
  instance.by_wake = by_wake;
  instance.life.begin(shared_.now);
  instance.ready = ready;
  if (ready == shared_.now) {  // kept from the beginning
    instance.state = State::ready;
    instance.container_began = ready;
    idle(index);
    return index;
  }
  instance.state = State::starting;
  instance.counted = true;
  instance.container_began =
      ready - from_seconds(model_.process_share * to_seconds(ready - shared_.now));
  ++starting_;
  ++ended_.starts;
  set_active(instance, true);  // a start is billed like service
  shared_.queue.push(ready, Happening::instance_ready, index, instance.check);
  return index;
}

void Platform::instance_ready(uint32_t index, uint32_t check) {
  Instance& instance = instances_[index];
  if (instance.check != check) return;  // it crashed meanwhile
  add_demand();
  instance.state = State::ready;
  --starting_;
  last_starting_ = shared_.now;
  while (place_waiting_one()) {
  }
  if (instances_[index].in_use == 0) idle(index);
}

void Platform::idle(uint32_t index) {
  Instance& instance = instances_[index];
  set_active(instance, false);
  const double spread = to_seconds(model_.idle_limit - model_.idle_least);
  instance.ends = shared_.now + model_.idle_least + from_seconds(spread * lives_.uniform());
  if (instance.ends >= instance.idle_watched) return;
  instance.idle_watched = instance.ends;
  shared_.queue.push(instance.ends, Happening::instance_idle, index);
}

void Platform::instance_idle(uint32_t index, Instant at) {
  Instance& instance = instances_[index];
  if (at != instance.idle_watched) return;
  instance.idle_watched = kNever;
  if (instance.ends == kNever) return;  // at work; idle() will ask again
  if (at < instance.ends) {
    instance.idle_watched = instance.ends;
    shared_.queue.push(instance.ends, Happening::instance_idle, index);
  } else if (live() > model_.min_instances) {
    end(index);
  } else {
    idle(index);
  }
}

void Platform::crash_one(std::vector<Slot>& lost) {
  if (live_.empty()) return;
  const uint32_t index = live_[lots_.below(live_.size())];
  Instance& instance = instances_[index];
  add_demand();
  instance.worker.processor().for_each([&](Slot slot) { lost.push_back(slot); });
  working_ -= instance.in_use;
  instance.in_use = 0;
  if (instance.state == State::starting) {
    --starting_;
    last_starting_ = shared_.now;
  }
  end(index);
  scale_out(false, model_.min_instances);
}

void Platform::end(uint32_t index) {
  Instance& instance = instances_[index];
  set_active(instance, false);
  add_kept_idle();
  instance.life.end(shared_.now, model_.granularity);
  count_end(instance, usd_of(instance), ended_);
  ended_active_ += instance.active.total(shared_.now, model_.granularity);
  ended_life_ += instance.life.total(shared_.now, model_.granularity);
  ended_vcpu_s_ += instance.worker.processor().used_vcpu_s(shared_.now);
  instance.worker.processor().clear(shared_.now);
  instance.state = State::free;
  instance.idle_watched = kNever;
  instance.check = 0;
  live_.erase(std::find(live_.begin(), live_.end(), index));
  free_.push_back(index);
}

void Platform::count_end(const Instance& instance, double usd, Account& account) {
  if (instance.by_wake && !instance.used) {
    ++account.wakes.wasted;
    account.wakes.usd += usd;
  }
  if (instance.counted && !instance.seen) ++account.hidden;
}

double Platform::usd_of(const Instance& instance) const {
  return to_seconds(billed(instance)) * usd_per_instance_s(model_);
}

// ---- the bill

void Platform::set_active(Instance& instance, bool active) {
  if (instance.active.open() == active) return;
  add_kept_idle();
  if (active) {
    instance.active.begin(shared_.now);
    ++active_;
  } else {
    instance.active.end(shared_.now, model_.granularity);
    --active_;
  }
}

// Instances at work fulfil the minimum too; only the rest of it idles at the owner's wish.
void Platform::add_kept_idle() {
  const uint32_t wanted = model_.min_instances - std::min(model_.min_instances, active_);
  const uint32_t kept = std::min(wanted, live() - std::min(live(), active_));
  kept_idle_s_ += kept * to_seconds(shared_.now - kept_idle_at_);
  kept_idle_at_ = shared_.now;
}

Duration Platform::billed(const Instance& instance) const {
  const bool by_request = model_.billing == policy::Billing::request;
  const billing::BilledTime& time = by_request ? instance.active : instance.life;
  return time.total(shared_.now, model_.granularity);
}

Platform::Account Platform::account(bool all_is_over) {
  add_kept_idle();
  Account account = ended_;
  Duration active = ended_active_;
  Duration life = ended_life_;
  for (const uint32_t index : live_) {
    const Instance& instance = instances_[index];
    if (all_is_over) count_end(instance, usd_of(instance), account);
    active += instance.active.total(shared_.now, model_.granularity);
    life += instance.life.total(shared_.now, model_.granularity);
  }
  const bool by_request = model_.billing == policy::Billing::request;
  account.usage.instance_s = to_seconds(by_request ? active : life);
  account.usage.kept_idle_s = kept_idle_s_;
  return account;
}

void Platform::forget_starts() {
  for (const uint32_t index : live_) {
    instances_[index].counted = false;
    instances_[index].by_wake = false;
  }
}

Platform::Account Platform::Account::since(const Account& earlier) const {
  Account rest = *this;
  rest.usage.instance_s -= earlier.usage.instance_s;
  rest.usage.kept_idle_s -= earlier.usage.kept_idle_s;
  rest.usage.requests -= earlier.usage.requests;
  rest.wakes.useful -= earlier.wakes.useful;
  rest.wakes.wasted -= earlier.wakes.wasted;
  rest.wakes.usd -= earlier.wakes.usd;
  rest.starts -= earlier.starts;
  rest.hidden -= earlier.hidden;
  return rest;
}

}  // namespace warmgate::sim
