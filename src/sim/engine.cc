// The course of things: what happens next, and what it does.
#include "sim/engine.h"

#include <algorithm>

#include "base/assert.h"
#include "sim/bill.h"

namespace warmgate::sim {
namespace {

// Time begins here, so that windows may reach back before the first arrival.
constexpr Instant kBegin{24h};
// After the last arrival; then nobody waits any more for what an overloaded queue still holds.
constexpr Duration kLongestEnd = 24h;
constexpr uint64_t kMostStepsAtOnce = 10'000'000;
constexpr uint32_t kMostRequests = 1u << 24;  // held at a time
constexpr size_t kBetweenProgress = 16'384;   // requests

}  // namespace

Engine::Engine(const World& world, const workload::Workload& workload,
               policy::Dispatcher& dispatcher, uint64_t seed, const SimulationOptions& options)
    : world_(world),
      workload_(workload),
      dispatcher_(dispatcher),
      options_(options),
      seed_(seed),
      shared_{world, {}, {}, kBegin},
      recorder_(world, kBegin + options.measure_from,
                workload.empty() ? Duration{} : workload.back().at - options.measure_from,
                options.bins),
      always_on_(shared_),
      platform_(shared_, seed),
      measured_from_(kBegin + options.measure_from) {
  WG_ASSERT(world.first_byte_share > 0 && world.first_byte_share <= 1,
            "the first byte comes within the service time");
  WG_ASSERT(options.measure_from == 0s ||
                (!workload.empty() && options.measure_from < workload.back().at),
            "something is left to measure");
  if (options.measure_from > 0s) shared_.queue.push(measured_from_, Happening::measure);
  for (uint32_t i = 0; i < world.faults.size(); ++i) {
    shared_.queue.push(kBegin + world.faults[i].at, Happening::fault_begins, i);
    shared_.queue.push(kBegin + world.faults[i].at + world.faults[i].length, Happening::fault_ends,
                       i);
  }
}

Figures Engine::run() {
  tell(policy::TimerFired{});  // a fresh Dispatcher acts on its first event
  Instant last_arrival = kBegin;
  while (!nothing_left() && !stopped_) {
    const Instant arrival = next_ < workload_.size() ? kBegin + workload_[next_].at : kNever;
    const Instant queued = shared_.queue.next();
    const Instant now = std::min({queued, arrival, timer_});
    WG_ASSERT(now != kNever, "the policy left a request without an end");
    if (arrival == kNever && now - last_arrival >= kLongestEnd) {
      abandon();
      break;
    }
    steps_at_this_instant_ = now == shared_.now ? steps_at_this_instant_ : 0;
    shared_.now = now;
    if (queued == now) {
      happen(shared_.queue.pop());
    } else if (arrival == now) {
      last_arrival = now;
      arrive();
    } else {
      timer_ = kNever;
      tell(policy::TimerFired{});
    }
    if (platform_.live() != live_instances_) {
      recorder_.add(now, Gauge::instances,
                    static_cast<int>(platform_.live()) - static_cast<int>(live_instances_));
      live_instances_ = platform_.live();
    }
  }
  return finish();
}

// Ids carry the slot, and grow with each arrival.
policy::RequestId Engine::request_id(size_t index, uint32_t slot) {
  WG_ASSERT(slot < kMostRequests, "a policy holds a bounded number of requests");
  return policy::RequestId{(uint64_t{index} + 1) * kMostRequests + slot};
}

Engine::Request& Engine::request_of(policy::RequestId id) {
  const auto slot = static_cast<size_t>(id.value % kMostRequests);
  WG_ASSERT(slot < requests_.size() && requests_[slot].id == id, "a request that has not ended");
  return requests_[slot];
}

bool Engine::nothing_left() const {
  return next_ == workload_.size() && live_requests_ == 0 && attempts_ == 0 &&
         serverless_probes_ == 0;
}

void Engine::abandon() {
  for (Request& request : requests_) {
    if (request.id) end_request(request, RequestEnd::How::failed);
  }
}

void Engine::arrive() {
  const workload::Request& arrival = workload_[next_];
  WG_ASSERT(next_ == 0 || arrival.at >= workload_[next_ - 1].at, "a workload is ordered by time");
  if (next_ % kBetweenProgress == 0 && !report_progress()) return;
  uint32_t slot;
  if (free_requests_.empty()) {
    slot = static_cast<uint32_t>(requests_.size());
    requests_.emplace_back();
  } else {
    slot = free_requests_.back();
    free_requests_.pop_back();
  }
  Request& request = requests_[slot];
  request = Request{};
  request.id = request_id(next_, slot);
  request.arrived = shared_.now;
  request.index = static_cast<uint32_t>(next_);
  ++next_;
  ++live_requests_;
  if (counts(request)) recorder_.request_began(shared_.now);
  recorder_.add(shared_.now, Gauge::queued, 1);
  policy::RequestArrived event;
  event.request = request.id;
  event.bytes = arrival.bytes;
  event.priority = arrival.low_priority ? policy::Priority::low : policy::Priority::high;
  event.heavy = arrival.heavy;
  event.key = arrival.key;
  tell(event);
}

// What an action brings about at once is told after the actions of its step.
void Engine::tell(const policy::Event& event) {
  if (stepping_) {
    at_once_.push_back(event);
    return;
  }
  stepping_ = true;
  step(event);
  for (size_t i = 0; i < at_once_.size(); ++i) {
    const policy::Event next = at_once_[i];
    step(next);
  }
  at_once_.clear();
  stepping_ = false;
}

void Engine::step(const policy::Event& event) {
  WG_ASSERT(++steps_at_this_instant_ < kMostStepsAtOnce, "time does not stand still");
  actions_.clear();
  dispatcher_.step(shared_.now, event, actions_);
  ++steps_;
  if (options_.check_every != 0 && steps_ % options_.check_every == 0) {
    dispatcher_.check_invariants();
  }
  for (const policy::Action& action : actions_) {
    std::visit([this](const auto& what) { apply(what); }, action);
  }
}

void Engine::happen(const EventQueue::Entry& entry) {
  const Job* job = nullptr;
  switch (entry.what()) {
    case Happening::always_on_work:
      return always_on_work(entry);
    case Happening::instance_work:
      return instance_work(entry);
    case Happening::answer:
      if (shared_.jobs.find(entry.slot, entry.check)) first_byte(entry.slot);
      return;
    case Happening::end:
      if (shared_.jobs.find(entry.slot, entry.check)) end(entry.slot);
      return;
    case Happening::connect_fails:
      job = shared_.jobs.find(entry.slot, entry.check);
      if (job == nullptr) return;
      return job->is_probe ? finish_probe(entry.slot, policy::Outcome::connect_failed)
                           : finish_attempt(entry.slot, policy::Outcome::connect_failed);
    case Happening::gives_up:
      job = shared_.jobs.find(entry.slot, entry.check);
      if (job == nullptr || job->stage != Stage::waiting) return;
      platform_.give_up(entry.slot);
      return done(entry.slot, Done::all);
    case Happening::probe_limit:
      if (!shared_.jobs.find(entry.slot, entry.check)) return;
      platform_.leave(entry.slot);
      return finish_probe(entry.slot, policy::Outcome::timed_out);
    case Happening::instance_ready:
      return platform_.instance_ready(entry.slot, entry.check);
    case Happening::instance_idle:
      return platform_.instance_idle(entry.slot, entry.at);
    case Happening::scale_tick:
      return platform_.scale_tick();
    case Happening::attempt_limit:
      return check_limits();
    case Happening::measure:
      return measure();
    case Happening::fault_begins:
      return fault_begins(world_.faults[entry.slot]);
    case Happening::fault_ends:
      return fault_ends(world_.faults[entry.slot]);
  }
}

void Engine::always_on_work(const EventQueue::Entry& entry) {
  const auto backend = static_cast<uint16_t>(entry.slot);
  if (!always_on_.is_due(backend, entry.at)) return;
  Slot slot;
  while (true) {
    const Done what = always_on_.take_done(backend, slot);
    if (what == Done::nothing) break;
    done(slot, what);
  }
  always_on_.watch(backend);
}

void Engine::instance_work(const EventQueue::Entry& entry) {
  if (!platform_.is_due(entry.slot, entry.at)) return;
  Slot slot;
  while (true) {
    const Done what = platform_.take_done(entry.slot, slot);
    if (what == Done::nothing) break;
    done(slot, what);
  }
  platform_.watch(entry.slot);
}

// ---- faults

void Engine::fault_begins(const Fault& fault) {
  std::vector<Slot> lost;
  switch (fault.kind) {
    case FaultKind::always_on_crash:
      if (fault.index < world_.always_on.backends) always_on_.crash(fault.index, lost);
      break;
    case FaultKind::instance_crash:
      platform_.crash_one(lost);
      break;
    case FaultKind::slow:
      platform_.slow_down(fault.factor);
      break;
    case FaultKind::partition:
      ++partitions_[static_cast<size_t>(fault.pool)];
      break;
  }
  lose(lost);
}

void Engine::fault_ends(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::always_on_crash:
      if (fault.index < world_.always_on.backends) always_on_.restore(fault.index);
      break;
    case FaultKind::instance_crash:
      break;
    case FaultKind::slow:
      platform_.slow_down(1 / fault.factor);
      break;
    case FaultKind::partition:
      --partitions_[static_cast<size_t>(fault.pool)];
      break;
  }
}

bool Engine::reachable(policy::BackendRef backend) const {
  if (partitions_[static_cast<size_t>(backend.pool)] > 0) return false;
  return backend.pool == policy::PoolKind::serverless || always_on_.is_up(backend.index);
}

// ---- the end

bool Engine::report_progress() {
  if (options_.progress) options_.progress(next_);
  stopped_ = options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  return !stopped_;
}

void Engine::measure() {
  recorder_.forget_counts();
  platform_.forget_starts();
  account_before_ = platform_.account(false);
  vcpu_s_before_ = always_on_.used_vcpu_s();
}

Figures Engine::finish() {
  dispatcher_.check_invariants();
  recorder_.finish(shared_.now);
  Figures& figures = recorder_.figures();
  figures.stopped = stopped_;
  figures.span = std::max<Duration>(shared_.now - measured_from_, Duration(1));
  figures.steps = steps_;
  const AlwaysOnModel& model = world_.always_on;
  const double span_s = to_seconds(figures.span);
  figures.cost.always_on = always_on_usd(model, figures.span);
  const double room = model.backends * (model.share_cores ? model.machine.vcpus : model.slots);
  if (room > 0) {
    figures.always_on_utilisation = (always_on_.used_vcpu_s() - vcpu_s_before_) / (room * span_s);
  }
  const Platform::Account account = platform_.account(true).since(account_before_);
  price(world_.serverless, account.usage, figures.span, figures.cost);
  figures.starts = account.starts;
  figures.cold_starts_hidden = account.hidden;
  figures.wakes.useful = account.wakes.useful;
  figures.wakes.wasted = account.wakes.wasted;
  figures.wakes.usd = account.wakes.usd +
                      usd_per_request(world_.serverless) * static_cast<double>(figures.wakes.total);
  return std::move(figures);
}

}  // namespace warmgate::sim
