// What the end of a probe says.
#pragma once

#include "policy/events.h"
#include "policy/status.h"

namespace warmgate::policy {

// With 2xx, or in another way that proves somebody there, if not more.
inline bool answers(Outcome outcome) {
  return outcome == Outcome::ok || outcome == Outcome::client_error;
}

inline EvidenceKind evidence_of(Outcome outcome) {
  return outcome == Outcome::ok ? EvidenceKind::wake_response : EvidenceKind::unproven;
}

}  // namespace warmgate::policy
