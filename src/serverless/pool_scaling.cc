// How many instances there should be, and the orders for more.
#include <algorithm>

#include "serverless/pool.h"

namespace warmgate::serverless {

void InstancePool::scale_out(Step& step) {
  const uint32_t live = count_live();
  const uint32_t room = settings_.max_instances > live ? settings_.max_instances - live : 0;
  const uint32_t orders = std::min(missing(step.now), room);
  if (shutting_down_ || orders == 0) {
    replacements_ = 0;
    return;
  }
  if (step.now < start_after_) return;
  for (uint32_t i = 0; i < orders; ++i) order_instance(step);
  replacements_ = 0;
}

uint32_t InstancePool::missing(Instant now) {
  const uint32_t live = count_live();
  uint32_t coming = 0;  // will take requests soon
  for (const auto& [id, instance] : instances_) {
    if (instance.state != InstanceState::ready && instance.state != InstanceState::stopping) {
      ++coming;
    }
  }
  const uint32_t for_waiting = (waiting() + settings_.concurrency - 1) / settings_.concurrency;
  uint32_t wanted = live + (for_waiting > coming ? for_waiting - coming : 0);
  wanted = std::max(wanted, live + replacements_);
  // The mean outlives the requests; without any of them nothing starts.
  if (!requests_.empty()) wanted = std::max(wanted, autoscaler_.wanted(now));
  wanted = std::max(wanted, settings_.min_instances);
  return wanted - live;
}

void InstancePool::order_instance(Step& step) {
  InstanceId id{++last_instance_};
  Instance& instance = instances_[id];
  instance.ordered = step.now;
  ++counters_.starts;
  meter_.instance_started(step.now, id);
  const Duration delay =
      settings_.start_delay + from_seconds(to_seconds(settings_.start_jitter) * prng_.uniform());
  if (delay > 0s) {
    instance.due = step.now + delay;
  } else {
    instance.state = InstanceState::starting;
    step.out.push_back(Spawn{id});
  }
}

void InstancePool::start_failed(Step& step) {
  ++counters_.start_failures;
  pause_starts(step);
  if (count_live() == 0) refuse_all_waiting(Refusal::could_not_start, step);
}

void InstancePool::pause_starts(Step& step) {
  start_times_.failed();
  start_after_ = step.now + start_times_.pause();
}

}  // namespace warmgate::serverless
