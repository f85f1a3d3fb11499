// The life of instances: from the process's start to its end.
#include <algorithm>

#include "base/assert.h"
#include "serverless/pool.h"

namespace warmgate::serverless {

// ---- events about instances ----

void InstancePool::on(const ProcessStarted& event, Step& step) {
  auto it = instances_.find(event.instance);
  if (it == instances_.end()) return;
  Instance& instance = it->second;
  instance.running = true;
  if (instance.state != InstanceState::starting) return;  // stopped meanwhile
  instance.due = step.now + settings_.start_limit;
  step.out.push_back(Probe{it->first});
}

void InstancePool::on(const ProbeFinished& event, Step& step) {
  auto it = instances_.find(event.instance);
  if (it == instances_.end()) return;
  Instance& instance = it->second;
  const bool was_starting = instance.state == InstanceState::starting;
  if (!was_starting && instance.state != InstanceState::suspect) return;
  if (!event.ok) {
    instance.next_probe = step.now + settings_.probe_period;
    return;
  }
  if (was_starting) start_times_.succeeded(step.now - instance.ordered);
  instance.state = InstanceState::ready;
  instance.due = kNever;  // settle_idle decides, if it gets no request in this step
}

void InstancePool::on(const ProcessExited& event, Step& step) {
  auto it = instances_.find(event.instance);
  if (it == instances_.end()) return;
  switch (it->second.state) {
    case InstanceState::delayed:
    case InstanceState::starting:
      remove(it, step);
      start_failed(step);
      break;
    case InstanceState::ready:
    case InstanceState::suspect:
      if (event.by_itself && it->second.requests.empty()) {  // it was asked to, or had enough
        ++counters_.releases;
        remove(it, step);
        break;
      }
      ++counters_.crashes;
      // One that died at work is replaced; one that idled is not: only a request starts from zero.
      if (it->second.state == InstanceState::suspect || !it->second.requests.empty()) {
        ++replacements_;
      }
      if (it->second.served == 0) pause_starts(step);
      remove(it, step);
      break;
    case InstanceState::stopping:
      remove(it, step);
      break;
  }
}

void InstancePool::on(const ShutdownStarted& event, Step& step) {
  shutting_down_ = true;
  refuse_all_waiting(Refusal::shutting_down, step);
  for (auto it = instances_.begin(); it != instances_.end();) {
    auto next = std::next(it);
    if (event.at_once || it->second.state != InstanceState::stopping) {
      stop(it, event.at_once ? SignalKind::kill : SignalKind::term, step);
    }
    it = next;
  }
}

// ---- what is due ----

void InstancePool::run_due(Step& step) {
  for (auto it = instances_.begin(); it != instances_.end();) {
    auto next = std::next(it);
    auto& [id, instance] = *it;
    if (step.now >= instance.next_probe) {
      instance.next_probe = kNever;
      step.out.push_back(Probe{id});
    }
    if (step.now >= instance.due) {
      instance.due = kNever;
      switch (instance.state) {
        case InstanceState::delayed:
          instance.state = InstanceState::starting;
          step.out.push_back(Spawn{id});
          break;
        case InstanceState::starting:
          stop(it, SignalKind::kill, step);
          start_failed(step);
          break;
        case InstanceState::suspect:
          ++counters_.crashes;
          stop(it, SignalKind::kill, step);
          break;
        case InstanceState::ready:  // its idle life is over; settle_idle draws another if it stays
          if (count_live() > settings_.min_instances) stop(it, SignalKind::term, step);
          break;
        case InstanceState::stopping:
          step.out.push_back(Signal{id, SignalKind::kill});
          break;
      }
    }
    it = next;
  }
}

// Instances that have no request after this step's assignments begin (or go on) to idle.
void InstancePool::settle_idle(Step& step) {
  for (auto& [id, instance] : instances_) {
    if (!instance.requests.empty()) continue;
    const bool billed_start =
        instance.state == InstanceState::delayed || instance.state == InstanceState::starting;
    if (!billed_start) meter_.set_active(step.now, id, false);
    if (instance.state != InstanceState::ready) continue;
    if (instance.due == kNever) {
      const Duration spread = settings_.idle_limit - settings_.idle_least;
      instance.due =
          step.now + settings_.idle_least + from_seconds(to_seconds(spread) * prng_.uniform());
    }
    if (settings_.throttle_idle && !instance.throttled) {
      instance.throttled = true;
      step.out.push_back(Signal{id, SignalKind::stop});
    }
  }
}

// ---- fewer instances ----

void InstancePool::suspect(Instances::iterator it, Step& step) {
  if (it == instances_.end() || it->second.state != InstanceState::ready) return;
  it->second.state = InstanceState::suspect;
  it->second.due = step.now + settings_.start_limit;
  step.out.push_back(Probe{it->first});
}

void InstancePool::stop(Instances::iterator it, SignalKind kind, Step& step) {
  auto& [id, instance] = *it;
  if (instance.state == InstanceState::delayed) return remove(it, step);
  if (instance.state != InstanceState::stopping) ++counters_.stops;
  instance.state = InstanceState::stopping;
  instance.next_probe = kNever;
  instance.due = kind == SignalKind::term ? step.now + settings_.stop_grace : kNever;
  step.out.push_back(Signal{id, kind});
  if (instance.throttled) {  // a stopped process cannot act on SIGTERM
    instance.throttled = false;
    step.out.push_back(Signal{id, SignalKind::cont});
  }
}

void InstancePool::remove(Instances::iterator it, Step& step) {
  // Its requests stay known: their connections tell how they ended.
  for (RequestId request : it->second.requests) requests_.at(request).instance = {};
  meter_.instance_ended(step.now, it->first);
  instances_.erase(it);
}

uint32_t InstancePool::count_live() const {
  return static_cast<uint32_t>(std::count_if(instances_.begin(), instances_.end(), [](auto& entry) {
    return entry.second.state != InstanceState::stopping;
  }));
}

// ---- timer ----

Instant InstancePool::next_due(Instant now) const {
  Instant due = kNever;
  for (const auto& [id, instance] : instances_) {
    due = std::min({due, instance.due, instance.next_probe});
  }
  if (!waiting_.empty()) {
    due = std::min(due, requests_.at(*waiting_.begin()).arrived + wait_limit());
  }
  if (!requests_.empty()) {
    due = std::min(due, requests_.begin()->second.arrived + settings_.request_limit);
  }
  due = std::min(due, next_scale_);
  if (start_after_ > now && !shutting_down_) due = std::min(due, start_after_);
  return due;
}

void InstancePool::set_timer(Step& step) {
  // The mean demand grows while requests run, without any event.
  const bool may_grow = !requests_.empty() && count_live() < settings_.max_instances;
  if (!may_grow) {
    next_scale_ = kNever;
  } else if (next_scale_ == kNever || next_scale_ <= step.now) {
    next_scale_ = step.now + autoscaler_.tick();
  }
  const Instant due = next_due(step.now);
  if (due == timer_) return;
  timer_ = due;
  step.out.push_back(SetTimer{due});
}

}  // namespace warmgate::serverless
