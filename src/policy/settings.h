// What an owner may set for one service, as the policy sees it. config/ fills it from YAML and
// flags; the simulator fills it by hand. Every default is a value that works unset.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

enum class PoolKind : uint8_t { always_on, serverless };
enum class Prefer : uint8_t { serverless, always_on };
enum class Billing : uint8_t { request, instance };  // is an idle instance free, or paid?
enum class Priority : uint8_t { low, high };
enum class WhenSpent : uint8_t { warn, stop_waking };

// For what was read from a file and may be out of range (policy/checkpoint.h).
constexpr PoolKind last_value(PoolKind) {
  return PoolKind::serverless;
}
constexpr Prefer last_value(Prefer) {
  return Prefer::always_on;
}
constexpr Billing last_value(Billing) {
  return Billing::instance;
}
constexpr Priority last_value(Priority) {
  return Priority::high;
}
constexpr WhenSpent last_value(WhenSpent) {
  return WhenSpent::stop_waking;
}

// Lowers the slots of a backend that can do less than was said of it (concurrency_limit.h).
struct LimitSettings {
  bool enabled = true;
  double tolerance = 1.5;  // times as long as when it is quiet
};

struct AlwaysOnSettings {
  uint16_t backends = 1;     // endpoints, each a backend index 0..backends-1; 0 = no such pool
  uint32_t concurrency = 4;  // requests at a time per backend, 1..10'000
  LimitSettings limit;
};

struct ServerlessSettings {
  uint16_t backends = 1;      // addresses, normally one; 0 = no such pool
  uint32_t concurrency = 80;  // requests at a time per instance, 1..1'000
  uint32_t max_instances = 100;
  Billing billing = Billing::request;
  Duration expected_cold_start = 5s;  // prior, overtaken by evidence
  Duration idle_lifetime = 15min;     // ceiling by the platform's documentation
  bool keep_warm = false;             // ping those who idle so that they stay warm
  Duration keep_warm_interval = 0s;   // 0 = learned, under the idle lifetime
  // Where idle time is paid.
  bool can_release = false;       // instances end when they are asked to
  double rental_trust = 0.5;      // idle_rental.h: in (0, 1], 1 follows no prediction
  double usd_per_instance_s = 0;  // while it works, or lives: as `billing` says
  double usd_per_request = 0;
};

// Money for the serverless pool, by our own estimate; 0 = no limit.
struct BudgetSettings {
  double hour_usd = 0;   // within 60 minutes
  double day_usd = 0;    // within 24 hours
  double month_usd = 0;  // within 30 days
  WhenSpent when_spent = WhenSpent::warn;
};

struct QueueSettings {
  uint32_t max_requests = 1'000;
  uint64_t max_bytes = 64ull << 20;
  Duration cold_wait = 60s;  // budget of a wait for a cold start; its expiry is a 503
  Duration busy_wait = 0s;   // budget of a wait for a busy pool, 0 = up to the deadline; a 429
  bool fair = false;         // keys take turns, and the one with the most room yields it
  // Low priority does not wait in a queue that stands: whose least wait, over an SLO, is longer
  // than this share of what a request can wait and still be answered in time.
  bool controlled_delay = true;
  double delay_target = 0.5;
  // Requests whose bodies are not here yet: they wait for no slot, and have bounds of their own.
  uint32_t max_gathering = 10'000;
  uint64_t max_gathering_bytes = 256ull << 20;
};

struct BypassSettings {
  bool enabled = true;
  double budget = 0.1;        // extra attempts per first attempt, 0..1
  Duration min_delay = 20ms;  // never earlier than this after the serverless attempt began
};

struct CircuitSettings {
  bool enabled = true;
  uint32_t strikes = 5;    // consecutive failures that open it
  Duration open_for = 5s;  // first penalty; doubles up to max_open
  Duration max_open = 60s;
};

struct RetrySettings {
  uint32_t max_attempts = 3;  // per request, all pools together, bypass included; 1..10
  double budget = 0.2;        // retries per first attempt
};

struct HeavySettings {
  uint64_t bytes = 1ull << 20;  // a request body of at least this marks the request heavy
  bool allow_always_on = true;  // may it go there while serverless is cold?
};

struct HealthSettings {
  bool enabled = true;
  Duration interval = 2s;  // of probes to the always-on pool; serverless is watched passively
  Duration timeout = 2s;
  uint32_t unhealthy_after = 2;
  uint32_t healthy_after = 2;
};

struct WakeSettings {
  bool enabled = true;
  Duration timeout = 240s;  // a wake's lease: the platform allows 4 minutes for a start
  // Queue share of the SLO at which the forecast wakes; learned quantities refine it.
  double headroom = 0.8;      // wake when forecast demand exceeds this share of always-on capacity
  bool learned_hours = true;  // wake ahead of what recurs by hour, day and week
};

struct ServiceSettings {
  Duration slo = 500ms;  // arrival to last byte, or to first output when `slo_first_byte`
  bool slo_first_byte = false;
  // The share of requests that should be within the SLO. It prices a late one by the newsvendor's
  // ratio: share / (1 - share) times what it costs to serve one. Of those who wait for the
  // always-on pool, 1 - share may be late.
  double slo_share = 0.999;
  Prefer prefer = Prefer::serverless;
  AlwaysOnSettings always_on;
  ServerlessSettings serverless;
  QueueSettings queue;
  BypassSettings bypass;
  CircuitSettings circuit;
  RetrySettings retry;
  HeavySettings heavy;
  HealthSettings health;
  WakeSettings wake;
  BudgetSettings budget;
};

}  // namespace warmgate::policy
