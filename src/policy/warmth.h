#pragma once

#include <cstdint>
#include <vector>

#include "policy/events.h"
#include "policy/idle_lifetime.h"
#include "policy/settings.h"
#include "policy/status.h"

namespace warmgate::policy {

// Warmth is what we believe about the serverless pool: does it have a ready instance, how many,
// how many requests they can take, by what evidence, and how old that is.
//
// Model.    Instances that named themselves stand in a table and leave it when they were silent for
//           the idle lifetime, or while the others answered much. Where instances have no names,
//           one is counted after the first good answer, and the slots grow by one with each quick
//           answer that came while all were taken. A refusal (429, 503) or a long silence while all
//           are taken means too few slots: it sets a limit of 70 % of what was in flight; quick
//           answers at the limit raise it by one in the time that all slots are used once.
//           A wake that was answered without saying 2xx proves an instance, not that it is ready:
//           until a real answer does, one slot is there.
//           Belief is *fresh* for kTrust after evidence: within it the slots are used without
//           asking. Older belief is confirmed by a wake before traffic moves over.
// Units.    Slots are requests in flight.
// Bounds.   At most max_instances entries; O(instances) on evidence, O(1) to ask.
// Source.   Additive increase, multiplicative decrease (Chiu, Jain 1989) for the limit.
class Warmth {
 public:
  static constexpr Duration kTrust = 5s;

  explicit Warmth(const ServerlessSettings& settings);
  void configure(const ServerlessSettings& settings);

  // Evidence.
  struct Answer {
    EvidenceKind kind = EvidenceKind::none;
    uint32_t in_flight = 0;  // requests at the pool when it came
    bool quick = true;       // it had not to wait for a slot
  };
  void instance_answered(Instant now, const InstanceEvidence& evidence, const Answer& answer);
  void answered(Instant now, const Answer& answer);
  void refused(uint32_t in_flight);
  void doubt() { fresh_until_ = Instant{}; }  // silence: the next traffic waits for confirmation
  void found_cold(Duration idle);             // after an idle gap, a start had to be waited for
  void one_ended(const std::optional<InstanceEvidence>& evidence);  // as it was asked to
  void one_more_slot();  // a further wake was held and answered, and no instance has a name

  bool knows(InstanceKey instance) const;
  bool known() const { return known_; }
  bool believed_warm(Instant now) const {
    return warm_ && now - last_evidence_ <= idle_lifetime_.estimate();
  }
  bool fresh(Instant now) const { return now < fresh_until_ && believed_warm(now); }
  Duration silence(Instant now) const { return now - last_evidence_; }

  uint32_t instances(Instant now) const;
  uint32_t slots(Instant now) const;  // at least 1 while believed warm
  // The last wake was answered, but not with 2xx: is its path right?
  bool wake_unproven() const { return wake_unproven_; }
  bool has_names() const { return named_; }
  bool limited() const { return limit_ > 0; }  // by refusals or silence: no further instance comes

  EvidenceKind evidence() const { return evidence_; }
  Duration evidence_age(Instant now) const { return known_ ? now - last_evidence_ : Duration{}; }
  const IdleLifetime& idle_lifetime() const { return idle_lifetime_; }

  void check_invariants() const;

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(settings_, idle_lifetime_, table_, known_, warm_, named_, ready_unproven_,
                   wake_unproven_, evidence_, last_evidence_, fresh_until_, answers_,
                   unnamed_slots_, limit_);
  }

 private:
  struct Instance {
    InstanceKey key;
    Instant seen;
    uint64_t seen_at_answer = 0;  // answers_ when it was last seen
  };

  void note(Instant now, EvidenceKind kind);
  void weigh(Instant now, EvidenceKind kind);
  void forget_silent(Instant now);
  void raise_limit(uint32_t in_flight);

  ServerlessSettings settings_;
  IdleLifetime idle_lifetime_;
  std::vector<Instance> table_;  // most recently added last
  bool known_ = false;
  bool warm_ = false;
  bool named_ = false;
  bool ready_unproven_ = false;  // an instance is there; whether it is ready, nobody knows
  bool wake_unproven_ = false;
  EvidenceKind evidence_ = EvidenceKind::none;
  Instant last_evidence_{};
  Instant fresh_until_{};
  uint64_t answers_ = 0;
  double unnamed_slots_ = 0;  // where instances have no names
  double limit_ = 0;          // 0: none
};

}  // namespace warmgate::policy
