#include "serverless/pool.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace warmgate::serverless {
namespace {
constexpr uint32_t kMaxRefusedBy = 3;  // instances that a request is offered to
}

InstancePool::InstancePool(const PoolSettings& settings, const MeterSettings& meter, uint64_t seed)
    : settings_(settings),
      prng_(seed),
      meter_(meter, settings.min_instances),
      autoscaler_(settings.concurrency, settings.target_utilisation, settings.scale_window) {
  WG_ASSERT(settings.min_instances <= settings.max_instances, "settings were validated");
}

void InstancePool::step(Instant now, const Event& event, Actions& out) {
  Step step{now, out};
  std::visit([&](const auto& e) { on(e, step); }, event);
  assign_waiting(step);  // first: an instance whose time is over just now is still good for it
  run_due(step);
  expire_requests(step);
  assign_waiting(step);  // a running request that expired has made room
  settle_idle(step);
  autoscaler_.observe(now, static_cast<uint32_t>(requests_.size()));
  scale_out(step);
  set_timer(step);
}

// ---- events about requests ----

void InstancePool::on(const RequestArrived& event, Step& step) {
  WG_ASSERT(requests_.empty() || requests_.rbegin()->first < event.request,
            "request ids increase in order of arrival");
  ++counters_.requests;
  requests_.emplace(event.request, Request{step.now, {}, 0});
  waiting_.insert(event.request);
  if (shutting_down_) return refuse(event.request, Refusal::shutting_down, step);
  if (waiting_.size() > settings_.max_waiting) refuse(event.request, Refusal::queue_full, step);
}

void InstancePool::on(const RequestFinished& event, Step& step) {
  auto request = requests_.find(event.request);
  if (request == requests_.end() || waiting_.contains(event.request)) return;
  if (event.ending == Ending::not_connected) return put_back(request, step);

  auto instance = instances_.find(request->second.instance);
  if (event.ending == Ending::complete) {
    ++counters_.served;
    if (instance != instances_.end()) ++instance->second.served;
  } else {
    ++counters_.lost;
  }
  forget(request);
  if (event.ending == Ending::instance_broke) suspect(instance, step);
}

void InstancePool::on(const ClientGone& event, Step&) {
  auto request = requests_.find(event.request);
  if (request == requests_.end()) return;
  ++counters_.client_gone;
  forget(request);
}

void InstancePool::on(const RequestOversized& event, Step&) {
  ++counters_.rejected_413;
  auto request = requests_.find(event.request);
  if (request != requests_.end()) return forget(request);
  ++counters_.requests;
}

// ---- requests ----

Duration InstancePool::wait_limit() const {
  return std::max(from_seconds(settings_.wait_factor * to_seconds(start_times_.mean())),
                  settings_.wait_least);
}

void InstancePool::expire_requests(Step& step) {
  while (!waiting_.empty()) {
    RequestId oldest = *waiting_.begin();
    if (step.now < requests_.at(oldest).arrived + wait_limit()) break;
    refuse(oldest, Refusal::no_instance_in_time, step);
  }
  // All requests have the same limit, so the first that arrived is the first to reach it.
  while (!requests_.empty() &&
         step.now >= requests_.begin()->second.arrived + settings_.request_limit) {
    refuse(requests_.begin()->first, Refusal::time_limit, step);
  }
}

void InstancePool::assign_waiting(Step& step) {
  while (!waiting_.empty()) {
    auto chosen = choose();
    if (chosen == instances_.end()) return;
    auto& [id, instance] = *chosen;
    RequestId request = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    Request& record = requests_.at(request);
    record.instance = id;
    if (record.refused_by == 0) meter_.request_began();
    if (instance.requests.empty()) meter_.set_active(step.now, id, true);
    instance.requests.insert(request);
    instance.due = kNever;
    if (instance.throttled) {
      instance.throttled = false;
      step.out.push_back(Signal{id, SignalKind::cont});
    }
    step.out.push_back(Assign{request, id});
  }
}

// The oldest instance below the target, so that spare ones fall idle; above it, the least loaded.
InstancePool::Instances::iterator InstancePool::choose() {
  const auto target = static_cast<size_t>(
      std::max(1.0, std::floor(settings_.concurrency * settings_.target_utilisation)));
  auto best = instances_.end();
  for (auto it = instances_.begin(); it != instances_.end(); ++it) {
    const Instance& instance = it->second;
    if (instance.state != InstanceState::ready) continue;
    if (instance.requests.size() < target) return it;
    if (instance.requests.size() >= settings_.concurrency) continue;
    if (best == instances_.end() || instance.requests.size() < best->second.requests.size()) {
      best = it;
    }
  }
  return best;
}

void InstancePool::refuse(RequestId id, Refusal refusal, Step& step) {
  switch (status_of(refusal)) {
    case 429:
      ++counters_.rejected_429;
      break;
    case 502:
      ++counters_.rejected_502;
      break;
    case 503:
      ++counters_.rejected_503;
      break;
    default:
      ++counters_.timed_out_504;
      break;
  }
  forget(requests_.find(id));
  step.out.push_back(Refuse{id, refusal});
}

void InstancePool::refuse_all_waiting(Refusal refusal, Step& step) {
  while (!waiting_.empty()) refuse(*waiting_.begin(), refusal, step);
}

void InstancePool::forget(Requests::iterator request) {
  waiting_.erase(request->first);
  auto instance = instances_.find(request->second.instance);
  if (instance != instances_.end()) instance->second.requests.erase(request->first);
  requests_.erase(request);
}

// The instance did not accept the connection: the request, of which nothing was sent, waits again.
void InstancePool::put_back(Requests::iterator request, Step& step) {
  auto instance = instances_.find(request->second.instance);
  if (instance != instances_.end()) instance->second.requests.erase(request->first);
  request->second.instance = {};
  waiting_.insert(request->first);
  if (++request->second.refused_by >= kMaxRefusedBy) {
    refuse(request->first, Refusal::instance_unreachable, step);
  }
  suspect(instance, step);
}

}  // namespace warmgate::serverless
