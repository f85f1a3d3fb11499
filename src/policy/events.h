// The language between the policy and the world. Events flow in, actions flow out; both are plain
// values, so a gateway, a simulator, a test and a recording all speak it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "policy/settings.h"

namespace warmgate::policy {

using RequestId = Id<struct RequestTag>;     // chosen by the caller, never used twice
using AttemptId = Id<struct AttemptTag>;     // chosen by the Dispatcher
using ProbeId = Id<struct ProbeTag>;         // chosen by the Dispatcher
using InstanceKey = Id<struct InstanceTag>;  // hash of the instance id that a backend reported

struct BackendRef {
  PoolKind pool = PoolKind::always_on;
  uint16_t index = 0;

  auto operator<=>(const BackendRef&) const = default;
};

// What a response said about the instance that gave it (header `warmgate-instance`).
struct InstanceEvidence {
  InstanceKey instance;
  Duration age{};       // since the instance started
  uint64_t served = 0;  // requests it had answered before this one
};

// How an attempt or a probe ended, with who is to blame: the judgement of backends rests on it.
enum class Outcome : uint8_t {
  ok,              // complete response, status below 500, not 429
  client_error,    // a complete 4xx other than 429: the caller's fault, backend fine
  server_error,    // a complete 5xx other than 503
  refused_busy,    // 429 or 503: not enough capacity, not dead; unanswered: never touched (HTTP/2)
  connect_failed,  // refused, unreachable or reset before any byte was sent: always safe to repeat
  timed_out,       // connect, first byte, idle or total time limit
  broken,          // connection lost or protocol error before the response head was complete
  broken_midway,   // the same after the head was passed on: cannot be repeated
  cancelled,       // by our CancelAttempt, or because the client left: says nothing of the backend
};

// ---- events ----

struct RequestArrived {
  RequestId request;
  Duration client_limit = Duration::max();  // the client's own time limit, from its arrival
  uint64_t bytes = 0;                       // declared body size
  bool bytes_known = true;                  // false: there is a body of undeclared size
  Priority priority = Priority::high;
  bool heavy = false;      // marked by its route; size is judged by the Dispatcher
  bool repeatable = true;  // may be sent again after bytes were sent
  // 0: its body is here, as far as it has to be before the request can be sent. Else the bytes that
  // it may take up until then, and BodyHere follows.
  uint32_t gathers = 0;
  uint64_t key = 0;  // a secret hash of whose it is, for fair shares; 0: nobody said
};
// The body of a request that was still to be gathered is here: whole, or as much of it as is kept.
struct BodyHere {
  RequestId request;
  uint64_t bytes = 0;  // that are here
};
struct ClientGone {
  RequestId request;
};
// The replay buffer overflowed, or the response head was passed on: no further attempt is possible.
struct ReplayLost {
  RequestId request;
};
// The response head is here (for a stream: the first real output). `status` is final: not 1xx but
// for 101, after which the attempt lasts until somebody ends it, and says nothing of service times.
// The Dispatcher answers with Commit (pass this response on) or discards it by CancelAttempt.
struct AttemptFirstByte {
  AttemptId attempt;
  uint16_t status = 200;
  std::optional<InstanceEvidence> evidence;
};
struct AttemptFinished {
  AttemptId attempt;
  Outcome outcome = Outcome::ok;
};
struct ProbeFinished {
  ProbeId probe;
  Outcome outcome = Outcome::ok;
  std::optional<InstanceEvidence> evidence;
};
// What the owner's schedules ask for, and the time of the week: told at the start, at each change,
// and now and then between, for the wall clock that they go by may be set.
struct ScheduleTold {
  uint32_t instances = 0;        // to be ready now
  Instant next_change = kNever;  // of that number
  uint32_t next_instances = 0;   // from then on
  Duration since_monday{-1};     // 00:00 UTC; negative: nobody knows
};
struct TimerFired {};    // the instant asked for by SetTimer has come
struct DrainStarted {};  // shut-down: reject what waits, start nothing new
struct SettingsChanged {
  ServiceSettings settings;
};

using Event = std::variant<RequestArrived, BodyHere, ClientGone, ReplayLost, AttemptFirstByte,
                           AttemptFinished, ProbeFinished, ScheduleTold, TimerFired, DrainStarted,
                           SettingsChanged>;

// ---- actions ----

// Why a request went where it went; told to the client in `warmgate-reason`, counted in metrics.
enum class Reason : uint8_t {
  cold,               // serverless cold, starting or absent: always-on answers
  unknown,            // state of serverless unknown: always-on answers, cautiously
  warm,               // serverless warm and preferred
  low_demand,         // warm, but demand is low: always-on alone
  light,              // warm and high demand, always-on preferred: it answers in time
  overflow,           // the pool that comes first was full, or too slow: the other takes it
  heavy,              // marked for serverless
  queued_always_on,   // waited, then an always-on slot freed
  queued_serverless,  // waited, then serverless became ready or a slot freed
  bypass,             // serverless was slow: given to always-on as well
  retry,              // an earlier attempt failed
  circuit_open,       // serverless is failing: always-on answers
  circuit_trial,      // one of the few that test the way back
  always_on_down,     // always-on is unhealthy: everything to serverless
  doomed,             // nothing meets the deadline: serverless anyway
};
constexpr Reason last_value(Reason) {
  return Reason::doomed;
}

enum class RejectReason : uint8_t {
  queue_full,         // 503 when the pool is cold, else 429
  cold_wait_expired,  // 503
  busy_wait_expired,  // 429
  doomed,             // 503: low priority and no choice meets the deadline
  overloaded,         // 429: all capacity is busy for longer than the deadline allows
  all_down,           // 503
  draining,           // 503
  upstream_failed,    // 502: attempts used up, or may not be repeated
  upstream_timeout,   // 504: accepted, then too slow
  over_share,         // 503 when it waited for a start, else 429: its key had most of the room
  standing_queue,     // 429: low priority, and the queue stands
  slow_body,          // 408: its body was not here in time, or others needed the room
};
constexpr RejectReason last_value(RejectReason) {
  return RejectReason::slow_body;
}

struct StartAttempt {
  RequestId request;
  AttemptId attempt;
  BackendRef backend;
  Reason reason = Reason::cold;
  // The first waiting request sent after a cold start: how long ago its instance answered.
  std::optional<Duration> since_ready = std::nullopt;
};
// Pass this attempt's response on to the client. At most one per request.
struct Commit {
  AttemptId attempt;
};
// Answered by AttemptFinished{cancelled}; the slot counts as taken until then.
struct CancelAttempt {
  AttemptId attempt;
};
// Terminal for a request that has no attempt running (other than cancelled ones) and nothing
// committed.
struct Reject {
  RequestId request;
  RejectReason reason = RejectReason::all_down;
  uint16_t status = 503;
  Duration retry_after{};  // zero: a retry does not help
};
enum class ProbeKind : uint8_t {
  wake,       // GET the wake path; its only purpose is that an instance starts
  health,     // GET the health path of an always-on backend
  keep_warm,  // ping an idle serverless pool
  release,    // ask one serverless instance to end: whichever the platform gives the request to
};
// Answered by exactly one ProbeFinished.
struct StartProbe {
  ProbeId probe;
  BackendRef backend;
  ProbeKind kind = ProbeKind::health;
  Duration timeout{};
  Duration hold{};  // ask the backend to hold the answer open, so that it takes up a slot
};
// Replaces the earlier one; kNever cancels. One timer per service is enough.
struct SetTimer {
  Instant at = kNever;
};
// Open this many idle connections to a backend before the queue is released to it.
struct Preconnect {
  BackendRef backend;
  uint32_t connections = 0;
};

enum class BudgetWindow : uint8_t { hour, day, month };
inline constexpr size_t kBudgetWindowCount = 3;
// What the serverless pool cost within a window went over the owner's budget, or came back under
// it: for the log.
struct BudgetCrossed {
  BudgetWindow window = BudgetWindow::hour;
  bool over = false;
  double usd = 0;
  double limit_usd = 0;
};

using Action = std::variant<StartAttempt, Commit, CancelAttempt, Reject, StartProbe, SetTimer,
                            Preconnect, BudgetCrossed>;
using Actions = std::vector<Action>;

// Stable lower-case names with '-', for headers, logs, metrics and recordings.
std::string_view name(PoolKind pool);
std::string_view name(Outcome outcome);
std::string_view name(Reason reason);
std::string_view name(RejectReason reason);
std::string_view name(ProbeKind kind);
std::string_view name(Priority priority);
std::string_view name(BudgetWindow window);

}  // namespace warmgate::policy
