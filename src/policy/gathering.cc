// Requests whose bodies are not here yet. They hold no slot and no place in the queue, so that slow
// bodies keep nobody out; they are demand all the same, and call for the serverless pool.
#include <algorithm>

#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {

// What would be refused if its body were here is refused before its client sends the rest of it.
// It takes nobody's place yet: who would have to yield to it is asked when its body is here.
bool WarmgateDispatcher::refuse_unread(Instant now, Slot slot) {
  const Request& request = requests_[slot];
  Route route;
  if (find_route(now, request, route) || find_pressing_route(now, request, route)) return false;
  const bool start_helps = start_would_help(now);
  const uint16_t status = start_helps ? 503 : 429;
  if (!start_helps && yields_to_high(now, request)) {
    reject(now, slot, RejectReason::standing_queue, status);
    return true;
  }
  if (queue_.yields_to(request.key) != kNoSlot) return false;
  const bool room = queue_.has_room(request.queue_bytes);
  const bool served = start_helps ? released_within_cold_wait(now, request, queue_.size())
                                  : busy_pools_make_it(now, request);
  if (room && served) return false;
  reject(now, slot, room ? RejectReason::overloaded : RejectReason::queue_full, status);
  return true;
}

void WarmgateDispatcher::gather(Instant now, Slot slot, uint64_t bytes) {
  update_demand_level(now);
  if (!anyone_could_answer(now)) return reject(now, slot, RejectReason::all_down, 503);
  if (refuse_unread(now, slot)) return;
  const Request& request = requests_[slot];
  if (!find_gathering_place(now, request, bytes)) {
    return reject(now, slot, RejectReason::queue_full, start_would_help(now) ? 503 : 429);
  }
  const bool heavy = is_heavy(request) && settings_.serverless.backends > 0;
  const bool stays = heavy && !settings_.heavy.allow_always_on;
  gathering_.push(slot, {request.id, now, request.patience, bytes, request.key},
                  stays ? Lane::serverless_only : Lane::on_time);
}

// Where there is no room, whoever has gathered for the longest yields: bodies that come at the pace
// of networks are never that old, those that are kept open in order to take room are.
// Source.  As the oldest half-open connection yields where a table of them is full (Lemon 2002).
bool WarmgateDispatcher::find_gathering_place(Instant now, const Request& request, uint64_t bytes) {
  while (!gathering_.has_room(bytes)) {
    if (gathering_.empty()) return false;  // it is too large by itself
    const Slot oldest = gathering_.longest_here(request.key);
    const Priority theirs = requests_[oldest].priority;
    if (theirs == Priority::high && request.priority == Priority::low) return false;
    reject(now, oldest, RejectReason::slow_body, 408);
  }
  return true;
}

// The client's own limit is over.
void WarmgateDispatcher::end_gathering(Instant now) {
  while (gathering_.next_expiry() <= now) {
    reject(now, gathering_.first_to_expire(), RejectReason::slow_body, 408);
  }
}

// How many of those whose bodies come will find no free slot. Bodies that took longer than an SLO
// are not counted on, so that slow ones wake no instances again and again.
uint32_t WarmgateDispatcher::gathering_beyond_slots(Instant now) {
  if (gathering_.empty()) return 0;
  for (const Lane lane : {Lane::on_time, Lane::serverless_only}) {
    while (!gathering_.empty(lane) && gathering_.front_deadline(lane) + settings_.slo <= now) {
      gathering_.move(gathering_.front(lane), Lane::late);
    }
  }
  const auto less = [](uint32_t all, uint32_t some) { return all - std::min(all, some); };
  uint32_t busy = 0;
  for (const AlwaysOnBackend& backend : always_on_) busy += backend.busy();
  const uint32_t always_on = less(always_on_slots(now), busy);
  const bool ready = serverless(now) == Serverless::ready;
  const uint32_t at_pool = serverless_in_flight_ - pressing_.in_flight();
  const uint32_t warm = ready ? less(warmth_.slots(now), at_pool) : 0;
  const uint32_t heavy = gathering_.size(Lane::serverless_only);
  const uint32_t others = gathering_.size(Lane::on_time);
  const uint32_t beyond = less(others, always_on + less(warm, heavy));
  const bool waits_for_always_on = prefer(now) == Prefer::always_on && always_on_slots(now) > 0;
  return less(heavy, warm) + (waits_for_always_on ? 0 : beyond);
}

}  // namespace warmgate::policy
