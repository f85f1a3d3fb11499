#include <memory>

#include "config/section.h"
#include "config/service_keys.h"
#include "config/texts.h"
#include "config/values.h"

namespace warmgate::config {

CodecPtr<Service> queue_section() {
  using Q = policy::QueueSettings;
  const auto at = [](auto member) {
    return [=](auto& service) -> auto& {
      return service.policy.queue.*member;
    };
  };
  auto section = std::make_shared<Section<Service>>();
  section
      ->key("max_requests", at(&Q::max_requests), integer<uint32_t>(1, 1'000'000),
            "Most requests that wait at a time; further ones are refused at once.")
      .key("max_bytes", at(&Q::max_bytes), size<uint64_t>(1u << 10, 1ull << 40),
           "Most bytes of bodies that wait at a time.")
      .key("max_gathering", at(&Q::max_gathering), integer<uint32_t>(1, 1'000'000),
           "Most requests at a time whose bodies are not here yet; the one that has taken longest "
           "yields to a further one.")
      .key("max_gathering_bytes", at(&Q::max_gathering_bytes), size<uint64_t>(1u << 10, 1ull << 40),
           "Most bytes that these may take up, each its length or `limits.replay_buffer`.")
      .key("cold_wait", at(&Q::cold_wait), duration(1ms, 1h),
           "Longest wait for a cold start; then 503 with Retry-After.")
      .key("busy_wait", at(&Q::busy_wait), duration(1ms, 1h, "up to the deadline"),
           "Longest wait for a busy pool; then 429 with Retry-After.")
      .key("fair_by", via(&Service::fair, &FairKey::by),
           choice<FairBy>(
               {{"none", FairBy::none}, {"client", FairBy::client}, {"header", FairBy::header}}),
           "Whose requests take turns while they have to wait: those of each `client` (by its "
           "address), of each value of a `header`, or `none` do.")
      .key("fair_header", via(&Service::fair, &FairKey::header), field_name(),
           "The field of `fair_by: header`; who does not send it is one of those who do not.")
      .key("controlled_delay", at(&Q::controlled_delay), boolean(),
           "While the queue stands, refuse low priority instead of letting it wait.")
      .key("delay_target", at(&Q::delay_target), number(0.05, 1),
           "It stands when the least wait within an SLO exceeds this share of what a request can "
           "wait and still be answered in time.");
  return section;
}

CodecPtr<policy::BypassSettings> bypass_section() {
  using policy::BypassSettings;
  auto section = std::make_shared<Section<BypassSettings>>();
  section
      ->key(
          "enabled", &BypassSettings::enabled, boolean(),
          "Give a request that waits on a slow serverless response to the always-on pool as well.")
      .key("budget", &BypassSettings::budget, number(0, 1),
           "Most extra attempts per first attempt.")
      .key("min_delay", &BypassSettings::min_delay, duration(0s, 1min),
           "Never earlier than this after the serverless attempt began.");
  return section;
}

CodecPtr<policy::CircuitSettings> circuit_section() {
  using policy::CircuitSettings;
  auto section = std::make_shared<Section<CircuitSettings>>();
  section
      ->key("enabled", &CircuitSettings::enabled, boolean(),
            "Return traffic to the always-on pool while serverless keeps failing.")
      .key("strikes", &CircuitSettings::strikes, integer<uint32_t>(1, 1'000),
           "Failures in a row that open the circuit.")
      .key("open_for", &CircuitSettings::open_for, duration(10ms, 1h),
           "The first penalty; it doubles with each that follows.")
      .key("max_open", &CircuitSettings::max_open, duration(10ms, 24h), "The longest penalty.");
  return section;
}

CodecPtr<policy::RetrySettings> retry_section() {
  using policy::RetrySettings;
  auto section = std::make_shared<Section<RetrySettings>>();
  section
      ->key("max_attempts", &RetrySettings::max_attempts, integer<uint32_t>(1, 10),
            "Most attempts per request, both pools and the bypass together.")
      .key("budget", &RetrySettings::budget, number(0, 1), "Most retries per first attempt.");
  return section;
}

CodecPtr<policy::HeavySettings> heavy_section() {
  using policy::HeavySettings;
  auto section = std::make_shared<Section<HeavySettings>>();
  section
      ->key("bytes", &HeavySettings::bytes, size<uint64_t>(1, 1ull << 40),
            "A request body of at least this many bytes makes a request heavy.")
      .key("allow_always_on", &HeavySettings::allow_always_on, boolean(),
           "While serverless is cold, a heavy request may go to the always-on pool.");
  return section;
}

CodecPtr<policy::BudgetSettings> budget_section() {
  using policy::BudgetSettings;
  using policy::WhenSpent;
  auto section = std::make_shared<Section<BudgetSettings>>();
  section
      ->key("hour_usd", &BudgetSettings::hour_usd, number(0, 1e6),
            "What it may cost within 60 minutes, by estimate, in USD; 0: no limit.")
      .key("day_usd", &BudgetSettings::day_usd, number(0, 1e6), "Within 24 hours, likewise.")
      .key("month_usd", &BudgetSettings::month_usd, number(0, 1e6), "Within 30 days, likewise.")
      .key("when_spent", &BudgetSettings::when_spent,
           choice<WhenSpent>({{"warn", WhenSpent::warn}, {"stop_waking", WhenSpent::stop_waking}}),
           "`warn`: a line in the log. `stop_waking`: no wake and no ping either, while the "
           "always-on pool can answer.");
  return section;
}

}  // namespace warmgate::config
