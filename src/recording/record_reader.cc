#include "recording/record_reader.h"

#include <bit>
#include <cmath>

#include "policy/checkpoint.h"
#include "policy/status.h"

namespace warmgate::recording {
namespace {

// Instants and durations beyond it are no real ones, and their sums could overflow.
constexpr int64_t kFarthest = int64_t{1} << 61;  // 73 years in nanoseconds

}  // namespace

std::optional<policy::ServiceSettings> read_settings(std::string_view bytes) {
  policy::ServiceSettings settings;
  policy::CheckpointReader reader(bytes);
  policy::pass(reader, settings);
  if (!reader.complete()) return std::nullopt;
  return settings;
}

std::optional<Step> RecordReader::next() {
  if (at_end() || !problem_.empty()) return std::nullopt;
  Step step;
  step.number = number_++;
  if (peek().kind == Kind::time) take_time();
  step.event = take_event(step);
  step.now = now_;
  const size_t actions_at = at_;
  while (problem_.empty() && !at_end()) {
    const auto kind = static_cast<uint8_t>(peek().kind);
    if (kind < kFirstAction || kind == static_cast<uint8_t>(Kind::time)) break;
    step.actions.push_back(take_action());
  }
  if (!problem_.empty()) return std::nullopt;
  step.action_words = words_.subspan(actions_at, at_ - actions_at);
  return step;
}

RecordReader::Head RecordReader::peek() const {
  const uint64_t word = at_end() ? 0 : words_[at_];
  return {static_cast<Kind>(word & 0xff), static_cast<uint8_t>(word >> 8),
          static_cast<uint16_t>(word >> 16), static_cast<uint32_t>(word >> 32)};
}

uint64_t RecordReader::take() {
  if (at_end()) {
    refuse("a record that is cut off");
    return 0;
  }
  return words_[at_++];
}

void RecordReader::refuse(const char* problem) {
  if (problem_.empty()) problem_ = problem;
}

Duration RecordReader::take_duration() {
  const auto nanos = static_cast<int64_t>(take());
  require(nanos >= 0 && (nanos <= kFarthest || nanos == Duration::max().count()),
          "a length of time that cannot be");
  return Duration{nanos};
}

Instant RecordReader::take_instant() {
  const auto nanos = static_cast<int64_t>(take());
  const Instant at{Duration{nanos}};
  require((nanos >= 0 && nanos <= kFarthest) || at == kNever, "an instant that cannot be");
  return at;
}

policy::BackendRef RecordReader::backend(const Head& head) {
  const bool serverless = (head.large & kServerless) != 0;
  return {serverless ? policy::PoolKind::serverless : policy::PoolKind::always_on, head.medium};
}

std::optional<policy::InstanceEvidence> RecordReader::take_evidence(bool there) {
  if (!there) return std::nullopt;
  policy::InstanceEvidence evidence;
  evidence.instance = policy::InstanceKey{take()};
  evidence.age = take_duration();
  evidence.served = take();
  return evidence;
}

void RecordReader::take_time() {
  take();
  const Instant at = take_instant();
  require(at >= now_ && at != kNever, "a time that goes back");
  if (problem_.empty()) now_ = at;
}

policy::Event RecordReader::arrived(const Head& head) {
  policy::RequestArrived event;
  require(head.small < 2 * kGathers, "an unknown mark of a request");
  event.request = take_id<policy::RequestId>();
  event.bytes = take();
  event.bytes_known = (head.small & kBytesKnown) != 0;
  event.priority =
      (head.small & kHighPriority) != 0 ? policy::Priority::high : policy::Priority::low;
  event.heavy = (head.small & kHeavy) != 0;
  event.repeatable = (head.small & kRepeatable) != 0;
  if ((head.small & kHasLimit) != 0) event.client_limit = take_duration();
  if ((head.small & kHasKey) != 0) {
    event.key = take();
    require(event.key != 0, "a key that is none");
  }
  if ((head.small & kGathers) != 0) {
    const uint64_t bytes = take();
    require(bytes != 0 && bytes <= UINT32_MAX, "a body that is to come and has no size");
    event.gathers = static_cast<uint32_t>(bytes);
  }
  return event;
}

policy::Event RecordReader::settings_changed(Step& step) {
  const uint64_t size = take();
  const size_t words = (size + 7) / 8;
  require(size <= kMostSettings && words <= words_.size() - at_, "settings that are cut off");
  policy::SettingsChanged event;
  if (!problem_.empty()) return event;
  const auto* const bytes = reinterpret_cast<const char*>(words_.data() + at_);
  at_ += words;
  step.settings_known = settings_known_;
  if (!settings_known_) return event;
  const auto settings = read_settings({bytes, size});
  require(settings.has_value(), "settings that are none");
  if (settings) event.settings = *settings;
  return event;
}

policy::Event RecordReader::take_event(Step& step) {
  const Head head = peek();
  const size_t began_at = at_;
  take();
  now_ += Duration{head.large};
  require(now_.time_since_epoch().count() <= kFarthest, "an instant that cannot be");
  switch (head.kind) {
    case Kind::request_arrived:
      return arrived(head);
    case Kind::body_here: {
      const auto request = take_id<policy::RequestId>();
      return policy::BodyHere{request, take()};
    }
    case Kind::client_gone:
      return policy::ClientGone{take_id<policy::RequestId>()};
    case Kind::replay_lost:
      return policy::ReplayLost{take_id<policy::RequestId>()};
    case Kind::attempt_first_byte: {
      const auto attempt = take_id<policy::AttemptId>();
      return policy::AttemptFirstByte{attempt, head.medium,
                                      take_evidence((head.small & kHasEvidence) != 0)};
    }
    case Kind::attempt_finished:
      return policy::AttemptFinished{take_id<policy::AttemptId>(),
                                     checked(head.small, policy::Outcome::cancelled)};
    case Kind::probe_finished: {
      const auto probe = take_id<policy::ProbeId>();
      const uint8_t outcome = head.small & static_cast<uint8_t>(~kHasEvidence);
      return policy::ProbeFinished{probe, checked(outcome, policy::Outcome::cancelled),
                                   take_evidence((head.small & kHasEvidence) != 0)};
    }
    case Kind::timer_fired:
      return policy::TimerFired{};
    case Kind::drain_started:
      return policy::DrainStarted{};
    case Kind::settings_changed:
      return settings_changed(step);
    case Kind::schedule_told: {
      const uint64_t instances = take();
      policy::ScheduleTold told;
      told.instances = static_cast<uint32_t>(instances);
      told.next_change = take_instant();
      told.next_instances = static_cast<uint32_t>(instances >> 32);
      if ((head.small & kHasWeek) != 0) told.since_monday = take_duration();
      return told;
    }
    default:
      at_ = began_at;
      refuse("a record that is no event where a step begins");
      return policy::TimerFired{};
  }
}

policy::Action RecordReader::take_action() {
  const Head head = peek();
  const size_t began_at = at_;
  take();
  switch (head.kind) {
    case Kind::start_attempt: {
      policy::StartAttempt action;
      action.request = take_id<policy::RequestId>();
      action.attempt = take_id<policy::AttemptId>();
      action.backend = backend(head);
      action.reason = checked(head.small, last_value(policy::Reason{}));
      if ((head.large & kHasSinceReady) != 0) action.since_ready = take_duration();
      return action;
    }
    case Kind::commit:
      return policy::Commit{take_id<policy::AttemptId>()};
    case Kind::cancel_attempt:
      return policy::CancelAttempt{take_id<policy::AttemptId>()};
    case Kind::reject: {
      const auto request = take_id<policy::RequestId>();
      return policy::Reject{request, checked(head.small, last_value(policy::RejectReason{})),
                            head.medium, take_duration()};
    }
    case Kind::start_probe: {
      policy::StartProbe action;
      action.probe = take_id<policy::ProbeId>();
      action.backend = backend(head);
      action.kind =
          checked(head.small, static_cast<policy::ProbeKind>(policy::kProbeKindCount - 1));
      action.timeout = take_duration();
      action.hold = take_duration();
      return action;
    }
    case Kind::set_timer:
      return policy::SetTimer{take_instant()};
    case Kind::preconnect:
      return policy::Preconnect{backend(head), static_cast<uint32_t>(take())};
    case Kind::budget_crossed: {
      policy::BudgetCrossed action;
      action.window = checked(head.small, policy::BudgetWindow::month);
      action.over = head.medium != 0;
      action.usd = std::bit_cast<double>(take());
      action.limit_usd = std::bit_cast<double>(take());
      require(std::isfinite(action.usd) && std::isfinite(action.limit_usd), "money that is none");
      return action;
    }
    default:
      at_ = began_at;
      refuse("a record of an unknown kind");
      return policy::SetTimer{};
  }
}

}  // namespace warmgate::recording
