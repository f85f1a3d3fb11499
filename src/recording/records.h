// Records: events and actions as words of 8 bytes, in a fixed form for each kind (docs/replay.md).
//
// Model.   The first word of a record holds its kind (8 bits), two small numbers (8 and 16 bits)
//          and a large one (32 bits); for an event that is the nanoseconds since the event before.
//          Ids, instants, durations and sizes have words of their own. A longer silence has a
//          record of its own: `time`, with the instant.
// Cost.    Some ten instructions and three moves for a record; nothing is allocated.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

#include "policy/events.h"

namespace warmgate::recording {

enum class Kind : uint8_t {
  request_arrived = 1,
  client_gone,
  replay_lost,
  attempt_first_byte,
  attempt_finished,
  probe_finished,
  timer_fired,
  drain_started,
  settings_changed,
  schedule_told,
  body_here,

  start_attempt = 16,
  commit,
  cancel_attempt,
  reject,
  start_probe,
  set_timer,
  preconnect,
  budget_crossed,

  time = 32,
};
inline constexpr uint8_t kFirstAction = static_cast<uint8_t>(Kind::start_attempt);

// The small number of `request_arrived`.
enum ArrivalFlag : uint8_t {
  kBytesKnown = 1,
  kHighPriority = 2,
  kHeavy = 4,
  kRepeatable = 8,
  kHasLimit = 16,
  kHasKey = 32,
  kGathers = 64,
};
inline constexpr uint8_t kHasEvidence = 0x80;      // beside an outcome; alone with a first byte
inline constexpr uint8_t kHasWeek = 1;             // beside `schedule_told`
inline constexpr uint32_t kServerless = 1;         // in the large number: of a backend's pool
inline constexpr uint32_t kHasSinceReady = 2;      // likewise, of `start_attempt`
inline constexpr size_t kMostWords = 6;            // of any record but `settings_changed`
inline constexpr size_t kMostSettings = 1u << 12;  // bytes; a fixed layout, far below it

constexpr uint64_t first_word(Kind kind, uint8_t small, uint16_t medium, uint32_t large) {
  return static_cast<uint64_t>(kind) | uint64_t{small} << 8 | uint64_t{medium} << 16 |
         uint64_t{large} << 32;
}

// What the settings are as bytes, by the walk of policy/checkpoint.h.
std::string settings_bytes(const policy::ServiceSettings& settings);

// The most words that an event takes, its `time` before it; SettingsChanged is the largest.
inline constexpr size_t kMostEventWords = 2 * kMostWords + kMostSettings / sizeof(uint64_t);

// Writes records to where there is room: kMostEventWords for an event, kMostWords for an action.
class RecordWriter {
 public:
  explicit RecordWriter(uint64_t* at) : at_(at) {}
  uint64_t* at() const { return at_; }  // behind what was written

  // `before`: the instant of the event before this one, or of the segment's beginning.
  void event(Instant before, Instant now, const policy::Event& event) {
    const Duration passed = now - before;
    uint32_t since = static_cast<uint32_t>(passed.count());
    if (passed > Duration{UINT32_MAX}) [[unlikely]] {
      put(first_word(Kind::time, 0, 0, 0), static_cast<uint64_t>(nanos(now)));
      since = 0;
    }
    std::visit([&](const auto& what) { write(what, since); }, event);
  }
  void actions(const policy::Action* first, const policy::Action* last) {
    for (; first != last; ++first) {
      std::visit([&](const auto& what) { write(what); }, *first);
    }
  }

 private:
  static int64_t nanos(Instant at) { return at.time_since_epoch().count(); }
  static uint64_t word(Duration duration) { return static_cast<uint64_t>(duration.count()); }
  static uint32_t pool(policy::BackendRef ref) {
    return ref.pool == policy::PoolKind::serverless ? kServerless : 0;
  }

  void write(const policy::RequestArrived& event, uint32_t since) {
    const bool limited = event.client_limit != Duration::max();
    const auto flags = static_cast<uint8_t>(
        event.bytes_known * kBytesKnown + static_cast<uint8_t>(event.priority) * kHighPriority +
        event.heavy * kHeavy + event.repeatable * kRepeatable + limited * kHasLimit +
        (event.key != 0) * kHasKey + (event.gathers != 0) * kGathers);
    put(first_word(Kind::request_arrived, flags, 0, since), event.request.value, event.bytes);
    if (limited) put(word(event.client_limit));
    if (event.key != 0) put(event.key);
    if (event.gathers != 0) put(uint64_t{event.gathers});
  }
  void write(const policy::BodyHere& event, uint32_t since) {
    put(first_word(Kind::body_here, 0, 0, since), event.request.value, event.bytes);
  }
  void write(const policy::ClientGone& event, uint32_t since) {
    put(first_word(Kind::client_gone, 0, 0, since), event.request.value);
  }
  void write(const policy::ReplayLost& event, uint32_t since) {
    put(first_word(Kind::replay_lost, 0, 0, since), event.request.value);
  }
  void write(const policy::AttemptFirstByte& event, uint32_t since) {
    const uint8_t flags = event.evidence ? kHasEvidence : 0;
    put(first_word(Kind::attempt_first_byte, flags, event.status, since), event.attempt.value);
    write(event.evidence);
  }
  void write(const policy::AttemptFinished& event, uint32_t since) {
    put(first_word(Kind::attempt_finished, static_cast<uint8_t>(event.outcome), 0, since),
        event.attempt.value);
  }
  void write(const policy::ProbeFinished& event, uint32_t since) {
    const auto flags = static_cast<uint8_t>(static_cast<uint8_t>(event.outcome) |
                                            (event.evidence ? kHasEvidence : 0));
    put(first_word(Kind::probe_finished, flags, 0, since), event.probe.value);
    write(event.evidence);
  }
  void write(const policy::TimerFired&, uint32_t since) {
    put(first_word(Kind::timer_fired, 0, 0, since));
  }
  void write(const policy::DrainStarted&, uint32_t since) {
    put(first_word(Kind::drain_started, 0, 0, since));
  }
  void write(const policy::SettingsChanged& event, uint32_t since);
  void write(const policy::ScheduleTold& event, uint32_t since) {
    const bool has_week = event.since_monday >= Duration{};
    put(first_word(Kind::schedule_told, has_week ? kHasWeek : 0, 0, since),
        event.instances | uint64_t{event.next_instances} << 32,
        static_cast<uint64_t>(nanos(event.next_change)));
    if (has_week) put(word(event.since_monday));
  }
  void write(const std::optional<policy::InstanceEvidence>& evidence) {
    if (evidence) put(evidence->instance.value, word(evidence->age), evidence->served);
  }

  void write(const policy::StartAttempt& action) {
    const uint32_t large = pool(action.backend) | (action.since_ready ? kHasSinceReady : 0);
    put(first_word(Kind::start_attempt, static_cast<uint8_t>(action.reason), action.backend.index,
                   large),
        action.request.value, action.attempt.value);
    if (action.since_ready) put(word(*action.since_ready));
  }
  void write(const policy::Commit& action) {
    put(first_word(Kind::commit, 0, 0, 0), action.attempt.value);
  }
  void write(const policy::CancelAttempt& action) {
    put(first_word(Kind::cancel_attempt, 0, 0, 0), action.attempt.value);
  }
  void write(const policy::Reject& action) {
    put(first_word(Kind::reject, static_cast<uint8_t>(action.reason), action.status, 0),
        action.request.value, word(action.retry_after));
  }
  void write(const policy::StartProbe& action) {
    put(first_word(Kind::start_probe, static_cast<uint8_t>(action.kind), action.backend.index,
                   pool(action.backend)),
        action.probe.value, word(action.timeout), word(action.hold));
  }
  void write(const policy::SetTimer& action) {
    put(first_word(Kind::set_timer, 0, 0, 0), static_cast<uint64_t>(nanos(action.at)));
  }
  void write(const policy::Preconnect& action) {
    put(first_word(Kind::preconnect, 0, action.backend.index, pool(action.backend)),
        uint64_t{action.connections});
  }

  void write(const policy::BudgetCrossed& action) {
    put(first_word(Kind::budget_crossed, static_cast<uint8_t>(action.window), action.over, 0),
        std::bit_cast<uint64_t>(action.usd), std::bit_cast<uint64_t>(action.limit_usd));
  }

  template <class... Words>
  void put(Words... words) {
    ((*at_++ = words), ...);
  }

  uint64_t* at_;
};

}  // namespace warmgate::recording
