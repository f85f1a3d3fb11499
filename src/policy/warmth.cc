#include "policy/warmth.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::policy {
namespace {

// An instance that answered none of this many answers per instance, while others did, is gone.
constexpr uint64_t kSilentAnswers = 64;
constexpr Duration kSilentFor = 10s;
constexpr double kRefusalKeeps = 0.7;

}  // namespace

Warmth::Warmth(const ServerlessSettings& settings)
    : settings_(settings), idle_lifetime_(settings.idle_lifetime) {}

void Warmth::configure(const ServerlessSettings& settings) {
  settings_ = settings;
  idle_lifetime_.set_ceiling(settings.idle_lifetime);
  if (table_.size() > settings.max_instances) table_.resize(settings.max_instances);
}

void Warmth::note(Instant now, EvidenceKind kind) {
  if (warm_) idle_lifetime_.survived(now - last_evidence_);
  known_ = true;
  warm_ = true;
  evidence_ = kind;
  last_evidence_ = now;
  fresh_until_ = now + std::max(kTrust, idle_lifetime_.harmless());
  ++answers_;
}

// What an answer says about readiness.
void Warmth::weigh(Instant now, EvidenceKind kind) {
  const bool unproven = kind == EvidenceKind::unproven;
  if (unproven || kind == EvidenceKind::wake_response) wake_unproven_ = unproven;
  if (!unproven) {
    ready_unproven_ = false;
  } else if (!fresh(now)) {
    ready_unproven_ = true;
  }
}

void Warmth::instance_answered(Instant now, const InstanceEvidence& evidence,
                               const Answer& answer) {
  named_ = true;
  weigh(now, answer.kind);
  const bool unproven = answer.kind == EvidenceKind::unproven;
  note(now, unproven ? answer.kind : EvidenceKind::instance_header);
  if (answer.quick) raise_limit(answer.in_flight);
  forget_silent(now);
  for (Instance& instance : table_) {
    if (instance.key != evidence.instance) continue;
    instance.seen = now;
    instance.seen_at_answer = answers_;
    return;
  }
  if (table_.size() >= std::max(1u, settings_.max_instances)) {
    const auto silent = std::min_element(
        table_.begin(), table_.end(),
        [](const Instance& a, const Instance& b) { return a.seen_at_answer < b.seen_at_answer; });
    table_.erase(silent);
  }
  table_.push_back({evidence.instance, now, answers_});
  limit_ = 0;  // a new instance makes the old refusals obsolete
}

void Warmth::answered(Instant now, const Answer& answer) {
  weigh(now, answer.kind);
  note(now, answer.kind);
  if (unnamed_slots_ == 0) unnamed_slots_ = settings_.concurrency;
  if (!answer.quick) return;
  if (answer.in_flight >= static_cast<uint32_t>(unnamed_slots_)) one_more_slot();
  raise_limit(answer.in_flight);
}

void Warmth::raise_limit(uint32_t in_flight) {
  if (limit_ > 0 && in_flight >= static_cast<uint32_t>(limit_)) limit_ += 1 / limit_;
}

void Warmth::refused(uint32_t in_flight) {
  limit_ = std::max(1.0, kRefusalKeeps * in_flight);
  unnamed_slots_ = std::min(unnamed_slots_, std::max<double>(settings_.concurrency, limit_));
  if (in_flight <= 1) doubt();  // not even one request was taken: is any instance left?
}

bool Warmth::knows(InstanceKey instance) const {
  return std::any_of(table_.begin(), table_.end(),
                     [&](const Instance& known) { return known.key == instance; });
}

void Warmth::found_cold(Duration idle) {
  if (warm_ && idle > Duration{}) idle_lifetime_.ended_within(idle);
  known_ = true;
  warm_ = false;
  table_.clear();
  unnamed_slots_ = 0;
  limit_ = 0;
  fresh_until_ = Instant{};
}

void Warmth::one_ended(const std::optional<InstanceEvidence>& evidence) {
  limit_ = 0;
  if (evidence) {
    std::erase_if(table_, [&](const Instance& known) { return known.key == evidence->instance; });
  }
  unnamed_slots_ = std::max(0.0, unnamed_slots_ - settings_.concurrency);
  const bool any_left = named_ ? !table_.empty() : unnamed_slots_ >= 1;
  if (!any_left) found_cold(Duration{});
}

void Warmth::one_more_slot() {
  if (named_) return;
  const double most = static_cast<double>(settings_.concurrency) * settings_.max_instances;
  unnamed_slots_ = std::min(most, unnamed_slots_ + 1);
}

void Warmth::forget_silent(Instant now) {
  const Duration lifetime = idle_lifetime_.estimate();
  const uint64_t many = kSilentAnswers * std::max<size_t>(1, table_.size());
  std::erase_if(table_, [&](const Instance& instance) {
    const Duration silent = now - instance.seen;
    return silent > lifetime || (silent > kSilentFor && answers_ - instance.seen_at_answer > many);
  });
}

uint32_t Warmth::instances(Instant now) const {
  if (!believed_warm(now)) return 0;
  if (named_) return std::max(1u, static_cast<uint32_t>(table_.size()));
  return std::max(1u, static_cast<uint32_t>(unnamed_slots_) / std::max(1u, settings_.concurrency));
}

uint32_t Warmth::slots(Instant now) const {
  if (!believed_warm(now)) return 0;
  if (ready_unproven_) return 1;
  const uint32_t taken =
      named_ ? instances(now) * settings_.concurrency : static_cast<uint32_t>(unnamed_slots_);
  const uint32_t allowed = limit_ > 0 ? static_cast<uint32_t>(limit_) : UINT32_MAX;
  return std::max(1u, std::min(taken, allowed));
}

void Warmth::check_invariants() const {
  WG_ASSERT(table_.size() <= std::max(1u, settings_.max_instances),
            "the instance table is bounded");
  WG_ASSERT(!warm_ || known_, "what is believed warm is known");
  WG_ASSERT(limit_ >= 0 && unnamed_slots_ >= 0, "slots are never negative");
}

}  // namespace warmgate::policy
