// Placement and scaling of instances; their life and bill are in platform_instances.cc.
#include "sim/platform.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "sim/bill.h"

namespace warmgate::sim {

Platform::Platform(Shared& shared, uint64_t seed)
    : shared_(shared),
      model_(shared.world.serverless),
      starts_(seed ^ 0x5354415254ull),
      lives_(seed ^ 0x4c49564553ull),
      lots_(seed ^ 0x4c4f5453ull),
      window_requests_(model_.scale_window),
      window_vcpus_(model_.scale_window) {
  WG_ASSERT(model_.concurrency > 0 && model_.target_utilisation > 0 && model_.vcpus > 0,
            "an instance can take a request");
  WG_ASSERT(model_.min_instances <= model_.max_instances, "min_instances is not above the max");
  wait_limit_ = std::max(from_seconds(model_.wait_factor * to_seconds(model_.start.mean())),
                         model_.wait_least);
  demand_at_ = kept_idle_at_ = shared.now;
  for (uint32_t i = 0; i < model_.min_instances; ++i) order(false, shared.now);
}

// ---- work

bool Platform::arrive(Slot slot) {
  Job& job = shared_.jobs[slot];
  if (waiting_.size() >= model_.max_waiting || model_.max_instances == 0) {
    job.stage = Stage::answered;
    job.status = 429;
    return true;
  }
  add_demand();
  if (waiting_.empty()) {
    const uint32_t instance = choose();
    if (instance != kNoSlot) {
      place(instance, slot);
      begin_ticks();
      return false;
    }
  }
  job.stage = Stage::waiting;
  waiting_.push_back(slot);
  shared_.queue.push(shared_.now + wait_limit_, Happening::gives_up, slot, job.check);
  scale_out(job.is_probe, 0);
  begin_ticks();
  return false;
}

Done Platform::take_done(uint32_t index, Slot& slot) {
  if (instances_[index].state != State::ready) return Done::nothing;
  const Done done = instances_[index].worker.take_done(shared_, slot);
  if (done == Done::all) {
    Job& job = shared_.jobs[slot];
    job.stage = Stage::answered;
    job.instance_served = ++instances_[index].served - 1;
    if (job.is_probe && job.probe_kind == policy::ProbeKind::release) {
      instances_[index].leaving = model_.can_release;
      if (!model_.can_release) job.status = 404;
    }
    free_slot(index);
  }
  return done;
}

bool Platform::is_due(uint32_t index, Instant at) {
  return instances_[index].state == State::ready && instances_[index].worker.is_due(at);
}

void Platform::watch(uint32_t index) {
  if (instances_[index].state != State::ready) return;
  instances_[index].worker.watch(shared_, Happening::instance_work, index);
}

void Platform::leave(Slot slot) {
  const Job& job = shared_.jobs[slot];
  if (job.stage == Stage::waiting) {
    add_demand();
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), slot));
  } else if (job.stage == Stage::working) {
    const uint32_t index = job.instance;
    instances_[index].worker.remove(shared_, slot);
    free_slot(index);
    watch(index);
  }
}

void Platform::give_up(Slot slot) {
  leave(slot);
  shared_.jobs[slot].stage = Stage::answered;
  shared_.jobs[slot].status = 429;
}

// ---- placement

uint32_t Platform::choose() const {
  const auto target = std::max(
      1u, static_cast<uint32_t>(std::floor(model_.concurrency * model_.target_utilisation)));
  const bool packed = model_.placement == Placement::packed;
  uint32_t best = kNoSlot;
  for (const uint32_t index : live_) {
    const Instance& candidate = instances_[index];
    if (candidate.state != State::ready || candidate.in_use >= model_.concurrency) continue;
    if (candidate.leaving) continue;
    if (packed && candidate.in_use < target) return index;
    if (best == kNoSlot) {
      best = index;
      continue;
    }
    const Instance& chosen = instances_[best];
    bool better = false;
    switch (model_.placement) {
      case Placement::packed:
        better = candidate.in_use < chosen.in_use;
        break;
      case Placement::most_recent:
        better = candidate.placed_last > chosen.placed_last;
        break;
      case Placement::round_robin:
        better = candidate.placed_last < chosen.placed_last;
        break;
    }
    if (better) best = index;
  }
  return best;
}

bool Platform::place_waiting_one() {
  if (waiting_.empty()) return false;
  const uint32_t instance = choose();
  if (instance == kNoSlot) return false;
  const Slot slot = waiting_.front();
  waiting_.pop_front();
  place(instance, slot);
  return true;
}

void Platform::place(uint32_t index, Slot slot) {
  Instance& instance = instances_[index];
  Job& job = shared_.jobs[slot];
  if (++instance.in_use == 1) set_active(instance, true);
  instance.placed_last = ++placements_;
  instance.ends = kNever;
  ++working_;
  ++ended_.usage.requests;
  job.instance = index;
  job.instance_key = instance.key;
  job.instance_began = instance.container_began;
  if (!job.is_probe) {
    if (!instance.used && instance.by_wake) {
      ++ended_.wakes.useful;
      ended_.wakes.usd += usd_of(instance);
    }
    instance.used = true;
    if (instance.ready > job.arrived) {
      job.saw_start = true;
      instance.seen = true;
    }
    job.work *= slowness_;
    job.more_work *= slowness_;
  }
  instance.worker.begin(shared_, slot);
  watch(index);
}

void Platform::free_slot(uint32_t index) {
  add_demand();
  --working_;
  if (--instances_[index].in_use == 0) {
    if (instances_[index].leaving) {
      end(index);
      scale_out(false, model_.min_instances);
    } else {
      idle(index);
    }
  }
  while (place_waiting_one()) {
  }
}

// ---- scaling

// At once: as many as those that wait need beyond the starting ones, and those that the window asks
// for (`wanted` in all). Whatever it is, only while there are requests.
void Platform::scale_out(bool by_wake, uint32_t wanted) {
  const auto waiting = static_cast<uint32_t>(waiting_.size());
  const uint32_t for_waiting = (waiting + model_.concurrency - 1) / model_.concurrency;
  uint32_t orders = for_waiting > starting_ ? for_waiting - starting_ : 0;
  if (wanted > live() + orders) orders = wanted - live();
  orders = std::min(orders, model_.max_instances - std::min(model_.max_instances, live()));
  for (uint32_t i = 0; i < orders; ++i) {
    order(by_wake, shared_.now + model_.start.draw(starts_));
  }
}

void Platform::begin_ticks() {
  if (ticking_) return;
  ticking_ = true;
  const Duration tick = window_requests_.tick();
  const Instant next{(shared_.now.time_since_epoch() / tick + 1) * tick};
  shared_.queue.push(next, Happening::scale_tick);
}

void Platform::scale_tick() {
  add_demand();
  double vcpu_s = ended_vcpu_s_;
  for (const uint32_t index : live_) {
    vcpu_s += instances_[index].worker.processor().used_vcpu_s(shared_.now);
  }
  const double requests = window_requests_.mean(shared_.now, request_seconds_);
  const double vcpus = window_vcpus_.mean(shared_.now, vcpu_s);
  const double share = model_.target_utilisation;
  // The small allowance keeps a demand of exactly the target from asking for one more.
  double wanted = std::ceil(requests / (share * model_.concurrency) - 1e-9);
  if (model_.scales_by_cpu && model_.share_cores) {
    wanted = std::max(wanted, std::ceil(vcpus / (share * model_.vcpus) - 1e-9));
  }
  ticking_ = in_use() > 0;
  if (!ticking_) return;
  scale_out(false, static_cast<uint32_t>(std::clamp(wanted, 0.0, 1e6)));
  shared_.queue.push(shared_.now + window_requests_.tick(), Happening::scale_tick);
}

void Platform::add_demand() {
  request_seconds_ += in_use() * to_seconds(shared_.now - demand_at_);
  demand_at_ = shared_.now;
}

}  // namespace warmgate::sim
