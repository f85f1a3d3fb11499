// The state as bytes, and back; whether bytes that were read are a state at all.
#include <algorithm>

#include "policy/checkpoint.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {

void WarmgateDispatcher::save(std::string& out) const {
  CheckpointWriter writer(out);
  pass(writer, const_cast<WarmgateDispatcher&>(*this));  // a writer changes nothing
}

bool WarmgateDispatcher::load(std::string_view bytes) {
  requests_ = {};
  attempts_ = {};
  CheckpointReader reader(bytes);
  pass(reader, *this);
  return reader.complete();
}

uint64_t WarmgateDispatcher::state_layout() {
  return layout<WarmgateDispatcher>();
}

bool WarmgateDispatcher::sound() const {
  const auto is_backend = [&](BackendRef ref) {
    return ref.index < (ref.pool == PoolKind::always_on ? always_on_.size() : serverless_.size());
  };
  const auto is_request = [&](Slot slot) { return requests_.holds(slot); };
  const auto is_attempt = [&](Slot slot) { return attempts_.holds(slot); };
  bool sound = always_on_.size() >= settings_.always_on.backends &&
               serverless_.size() >= settings_.serverless.backends;
  requests_.for_each([&](Slot, const Request& request) {
    for (const Slot slot : {request.running[0], request.running[1], request.committed}) {
      sound = sound && (slot == kNoSlot || is_attempt(slot));
    }
    sound = sound && (!request.has_avoid || is_backend(request.avoid));
  });
  attempts_.for_each([&](Slot, const Attempt& attempt) {
    sound = sound && (attempt.request == kNoSlot || is_request(attempt.request)) &&
            is_backend(attempt.backend);
  });
  return sound && kept_.sound() && queue_.all_slots(is_request) &&
         gathering_.all_slots(is_request) && bypass_due_.all_slots(is_attempt) &&
         silence_due_.all_slots(is_attempt) &&
         wakes_.all_leases(
             [&](const WakeLeases::Lease& lease) { return lease.backend < serverless_.size(); });
}

}  // namespace warmgate::policy
