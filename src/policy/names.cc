#include "policy/events.h"
#include "policy/status.h"

namespace warmgate::policy {

std::string_view name(PoolKind pool) {
  switch (pool) {
    case PoolKind::always_on:
      return "always-on";
    case PoolKind::serverless:
      return "serverless";
  }
  return "";
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::client_error:
      return "client-error";
    case Outcome::server_error:
      return "server-error";
    case Outcome::refused_busy:
      return "refused-busy";
    case Outcome::connect_failed:
      return "connect-failed";
    case Outcome::timed_out:
      return "timed-out";
    case Outcome::broken:
      return "broken";
    case Outcome::broken_midway:
      return "broken-midway";
    case Outcome::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::cold:
      return "cold";
    case Reason::unknown:
      return "unknown";
    case Reason::warm:
      return "warm";
    case Reason::low_demand:
      return "low-demand";
    case Reason::light:
      return "light";
    case Reason::overflow:
      return "overflow";
    case Reason::heavy:
      return "heavy";
    case Reason::queued_always_on:
      return "queued-always-on";
    case Reason::queued_serverless:
      return "queued-serverless";
    case Reason::bypass:
      return "bypass";
    case Reason::retry:
      return "retry";
    case Reason::circuit_open:
      return "circuit-open";
    case Reason::circuit_trial:
      return "circuit-trial";
    case Reason::always_on_down:
      return "always-on-down";
    case Reason::doomed:
      return "doomed";
  }
  return "";
}

std::string_view name(RejectReason reason) {
  switch (reason) {
    case RejectReason::queue_full:
      return "queue-full";
    case RejectReason::cold_wait_expired:
      return "cold-wait-expired";
    case RejectReason::busy_wait_expired:
      return "busy-wait-expired";
    case RejectReason::doomed:
      return "doomed";
    case RejectReason::overloaded:
      return "overloaded";
    case RejectReason::all_down:
      return "all-down";
    case RejectReason::draining:
      return "draining";
    case RejectReason::upstream_failed:
      return "upstream-failed";
    case RejectReason::upstream_timeout:
      return "upstream-timeout";
    case RejectReason::over_share:
      return "over-share";
    case RejectReason::standing_queue:
      return "standing-queue";
    case RejectReason::slow_body:
      return "slow-body";
  }
  return "";
}

std::string_view name(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::wake:
      return "wake";
    case ProbeKind::health:
      return "health";
    case ProbeKind::keep_warm:
      return "keep-warm";
    case ProbeKind::release:
      return "release";
  }
  return "";
}

std::string_view name(Priority priority) {
  switch (priority) {
    case Priority::low:
      return "low";
    case Priority::high:
      return "high";
  }
  return "";
}

std::string_view name(BudgetWindow window) {
  switch (window) {
    case BudgetWindow::hour:
      return "hour";
    case BudgetWindow::day:
      return "day";
    case BudgetWindow::month:
      return "month";
  }
  return "";
}

std::string_view name(PoolState state) {
  switch (state) {
    case PoolState::unknown:
      return "unknown";
    case PoolState::cold:
      return "cold";
    case PoolState::starting:
      return "starting";
    case PoolState::warm:
      return "warm";
    case PoolState::down:
      return "down";
  }
  return "";
}

std::string_view name(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::none:
      return "none";
    case EvidenceKind::instance_header:
      return "instance-header";
    case EvidenceKind::wake_response:
      return "wake-response";
    case EvidenceKind::first_byte_time:
      return "first-byte-time";
    case EvidenceKind::health:
      return "health";
    case EvidenceKind::unproven:
      return "unproven";
  }
  return "";
}

}  // namespace warmgate::policy
