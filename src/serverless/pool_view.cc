// What others see of the pool, and what must hold of it.
#include "base/assert.h"
#include "serverless/pool.h"

namespace warmgate::serverless {

std::vector<InstanceView> InstancePool::instances(Instant now) const {
  std::vector<InstanceView> views;
  for (const auto& [id, instance] : instances_) {
    InstanceView view;
    view.id = id;
    switch (instance.state) {
      case InstanceState::delayed:
        view.state = "delayed";
        break;
      case InstanceState::starting:
        view.state = "starting";
        break;
      case InstanceState::ready:
        view.state = instance.requests.empty() ? "idle" : "serving";
        break;
      case InstanceState::suspect:
        view.state = "suspect";
        break;
      case InstanceState::stopping:
        view.state = "stopping";
        break;
    }
    view.throttled = instance.throttled;
    view.in_flight = static_cast<uint32_t>(instance.requests.size());
    view.served = instance.served;
    view.age = now - instance.ordered;
    views.push_back(view);
  }
  return views;
}

void InstancePool::check_invariants() const {
  bool room = false;
  size_t assigned = 0;
  for (const auto& [id, instance] : instances_) {
    const size_t load = instance.requests.size();
    WG_ASSERT(load <= settings_.concurrency, "concurrency is never exceeded");
    const bool unproved =
        instance.state == InstanceState::delayed || instance.state == InstanceState::starting;
    WG_ASSERT(!unproved || load == 0, "no traffic before a good probe");
    if (instance.state == InstanceState::ready && load < settings_.concurrency) room = true;
    WG_ASSERT(!instance.throttled || (instance.state == InstanceState::ready && load == 0),
              "only an idle instance is throttled");
    for (RequestId request : instance.requests) {
      auto it = requests_.find(request);
      WG_ASSERT(it != requests_.end() && it->second.instance == id, "assigned both ways");
    }
    assigned += load;
  }
  WG_ASSERT(waiting_.empty() || !room, "no request waits while an instance has room");
  WG_ASSERT(count_live() <= settings_.max_instances, "max-instances is never exceeded");
  for (RequestId request : waiting_) {
    auto it = requests_.find(request);
    WG_ASSERT(it != requests_.end() && !it->second.instance, "a waiting request is bound to none");
  }
  WG_ASSERT(assigned + waiting_.size() <= requests_.size(), "every request is known");
}

}  // namespace warmgate::serverless
