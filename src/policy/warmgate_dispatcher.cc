#include "policy/warmgate_dispatcher.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::policy {
namespace {

// A crash takes all requests of an instance with it, and all of them should be able to try again.
constexpr RetryBudget::Reserve kRetryReserve{100, 10};
constexpr RetryBudget::Reserve kBypassReserve{10, 1};

Spending::Prices spending_prices(const ServiceSettings& settings) {
  return {settings.serverless.usd_per_instance_s, settings.serverless.usd_per_request};
}

QueueSettings gathering_bounds(QueueSettings settings) {
  settings.max_requests = settings.max_gathering;
  settings.max_bytes = settings.max_gathering_bytes;
  return settings;
}

}  // namespace

std::unique_ptr<Dispatcher> make_warmgate_dispatcher(const ServiceSettings& settings,
                                                     uint64_t seed) {
  return std::make_unique<WarmgateDispatcher>(settings, seed);
}

WarmgateDispatcher::WarmgateDispatcher(const ServiceSettings& settings, uint64_t seed)
    : settings_(settings),
      prng_(seed),
      queue_(settings.queue),
      gathering_(gathering_bounds(settings.queue)),
      seasons_(season_window()),
      warmth_(settings.serverless),
      cold_starts_(settings.serverless.expected_cold_start),
      retry_budget_(settings.retry.budget, kRetryReserve),
      bypass_budget_(settings.bypass.budget, kBypassReserve) {
  spending_.configure(spending_prices(settings), settings.budget);
  fit_backends();
  set_next_health();
}

void WarmgateDispatcher::fit_backends() {
  while (always_on_.size() < settings_.always_on.backends) {
    always_on_.push_back({BackendHealth(settings_.health, settings_.circuit)});
  }
  for (AlwaysOnBackend& backend : always_on_) {
    backend.limit.configure(settings_.always_on.limit, settings_.always_on.concurrency);
  }
  while (serverless_.size() < settings_.serverless.backends) {
    serverless_.push_back({Circuit(settings_.circuit)});
  }
}

void WarmgateDispatcher::step(Instant now, const Event& event, Actions& out) {
  WG_ASSERT(now >= now_, "time never goes back");
  now_ = now;
  out_ = &out;
  std::visit([&](const auto& what) { on(now, what); }, event);
  settle(now);
  out_ = nullptr;
}

// After every event, whatever it was. Each rule looks at the state, not at the event, so a rule
// holds however the state came about. A rule that nothing can be due for is not asked.
void WarmgateDispatcher::settle(Instant now) {
  if (!draining_) {
    if (wakes_.in_flight() > 0 && wakes_.expire(now) > 0) wakes_.failed(now);
    if (!ordered_.empty()) forget_ordered(now);
    if (!gathering_.empty()) end_gathering(now);
    if (!queue_.empty()) serve_queue(now);
    if (silence_due_.next() <= now) doubt_silent(now);
    if (bypass_due_.next() <= now) bypass_slow(now);
    if (pays_idle()) settle_rentals(now);
    if (seasons_.due() <= now) look_for_recurring(now);
    if (!queue_.empty() || demand_.arrived_at(now) || seasons_.calls(now)) wake_if_needed(now);
    if (keeps_warm(now)) keep_warm(now);
    if (next_health_ <= now) probe_always_on(now);
  }
  settle_spending(now);
  arm_timer(now);
}

void WarmgateDispatcher::serve_queue(Instant now) {
  update_demand_level(now);
  end_waits(now);
  set_late_apart(now);
  refuse_when_all_down(now);
  release(now);
}

void WarmgateDispatcher::on(Instant, const TimerFired&) {
  timer_ = kNever;
}

void WarmgateDispatcher::on(Instant now, const DrainStarted&) {
  draining_ = true;
  for (const AdmissionQueue* waiting : {&gathering_, &queue_}) {
    while (!waiting->empty()) reject(now, waiting->first_to_expire(), RejectReason::draining, 503);
  }
}

void WarmgateDispatcher::on(Instant, const SettingsChanged& event) {
  settings_ = event.settings;
  fit_backends();
  for (AlwaysOnBackend& backend : always_on_) {
    backend.judged.configure(settings_.health, settings_.circuit);
  }
  for (ServerlessBackend& backend : serverless_) backend.circuit.configure(settings_.circuit);
  queue_.configure(settings_.queue);
  gathering_.configure(gathering_bounds(settings_.queue));
  seasons_.set_window(season_window());
  warmth_.configure(settings_.serverless);
  rentals_ = InstanceRentals{};  // its levels are of the concurrency that was
  release_due_ = kNever;
  cold_starts_.set_expected(settings_.serverless.expected_cold_start);
  retry_budget_.set_share(settings_.retry.budget);
  bypass_budget_.set_share(settings_.bypass.budget);
  spending_.configure(spending_prices(settings_), settings_.budget);
  set_next_health();
}

// The timer may fire too early, never too late: it is moved only to an earlier instant, and asked
// for again when it has fired. So a request that comes and goes costs no change of it.
void WarmgateDispatcher::arm_timer(Instant now) {
  const Instant next = next_needed(now);
  if (next >= timer_) return;
  timer_ = next;
  emit(SetTimer{next});
}

// The earliest instant at which time alone changes something. What is due and still blocked (by a
// slot, by a budget) waits for an event, not for time.
Instant WarmgateDispatcher::next_needed(Instant now) const {
  Instant next = kNever;
  const auto consider = [&](Instant at) {
    if (at > now) next = std::min(next, at);
  };
  if (draining_) return next;
  consider(bypass_due_.next());
  consider(silence_due_.next());
  if (wakes_.in_flight() > 0) consider(wakes_.next_expiry());
  if (keeps_warm(now)) consider(keep_warm_due(now));
  if (scheduled()) consider(schedule_lead());
  consider(seasons_.due());
  consider(next_health_);
  consider(release_due_);
  consider(gathering_.next_expiry());
  if (queue_.empty()) return next;
  consider(queue_.next_expiry());
  if (!queue_.empty(Lane::on_time)) {
    const Request& front = requests_[queue_.front(Lane::on_time)];
    consider(front.deadline - quickest_answer(front) + Duration{1});
    if (prefer(now) == Prefer::always_on) consider(handover_due(front));
  }
  consider(wakes_.paused_until());
  consider(ordered_.next_due());
  for (const AlwaysOnBackend& backend : always_on_) {
    consider(backend.judged.pause_until());
    consider(backend.judged.penalty_until());
  }
  for (const ServerlessBackend& backend : serverless_) consider(backend.circuit.open_until());
  return next;
}

}  // namespace warmgate::policy
