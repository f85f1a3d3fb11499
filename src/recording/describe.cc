#include "recording/describe.h"

namespace warmgate::recording {
namespace {

using policy::name;

std::string number(uint64_t value) {
  return std::to_string(value);
}
std::string text(std::string_view value) {
  return std::string(value);
}
std::string backend(policy::BackendRef ref) {
  return text(name(ref.pool)) + "[" + number(ref.index) + "]";
}
std::string evidence(const std::optional<policy::InstanceEvidence>& said) {
  if (!said) return "";
  return ", instance " + number(said->instance.value) + " aged " + format_duration(said->age) +
         ", " + number(said->served) + " served";
}

std::string line(const policy::RequestArrived& event) {
  const std::string limit = event.client_limit == Duration::max()
                                ? ""
                                : ", client's limit " + format_duration(event.client_limit);
  return "request " + number(event.request.value) +
         " arrived: " + (event.bytes_known ? number(event.bytes) + " bytes" : "size unknown") +
         ", priority " + text(name(event.priority)) + (event.heavy ? ", heavy" : "") +
         (event.repeatable ? "" : ", not repeatable") + limit +
         (event.key != 0 ? ", key " + number(event.key) : "") +
         (event.gathers != 0 ? ", body still to come" : "");
}
std::string line(const policy::BodyHere& event) {
  return "the body of request " + number(event.request.value) + " is here: " + number(event.bytes) +
         " bytes";
}
std::string line(const policy::ClientGone& event) {
  return "the client of request " + number(event.request.value) + " left";
}
std::string line(const policy::ReplayLost& event) {
  return "request " + number(event.request.value) + " can no longer be repeated";
}
std::string line(const policy::AttemptFirstByte& event) {
  return "attempt " + number(event.attempt.value) + ": first byte, status " + number(event.status) +
         evidence(event.evidence);
}
std::string line(const policy::AttemptFinished& event) {
  return "attempt " + number(event.attempt.value) + " finished: " + text(name(event.outcome));
}
std::string line(const policy::ProbeFinished& event) {
  return "probe " + number(event.probe.value) + " finished: " + text(name(event.outcome)) +
         evidence(event.evidence);
}
std::string line(const policy::TimerFired&) {
  return "the timer fired";
}
std::string line(const policy::DrainStarted&) {
  return "the drain began";
}
std::string line(const policy::SettingsChanged&) {
  return "the settings changed";
}

std::string line(const policy::ScheduleTold& event) {
  const bool has_week = event.since_monday >= Duration{};
  return "the schedule asks for " + number(event.instances) + " instances" +
         (has_week ? ", " + format_duration(event.since_monday) + " since monday" : "");
}

std::string line(const policy::StartAttempt& action) {
  const std::string ready =
      action.since_ready ? ", first since ready " + format_duration(*action.since_ready) : "";
  return "start attempt " + number(action.attempt.value) + " of request " +
         number(action.request.value) + " on " + backend(action.backend) + ": " +
         text(name(action.reason)) + ready;
}
std::string line(const policy::Commit& action) {
  return "commit attempt " + number(action.attempt.value);
}
std::string line(const policy::CancelAttempt& action) {
  return "cancel attempt " + number(action.attempt.value);
}
std::string line(const policy::Reject& action) {
  return "reject request " + number(action.request.value) + ": " + text(name(action.reason)) +
         ", status " + number(action.status) + ", retry after " +
         format_duration(action.retry_after);
}
std::string line(const policy::StartProbe& action) {
  return "probe " + number(action.probe.value) + " to " + backend(action.backend) + ": " +
         text(name(action.kind)) + ", timeout " + format_duration(action.timeout) +
         (action.hold > Duration{} ? ", held " + format_duration(action.hold) : "");
}
std::string line(const policy::SetTimer& action) {
  return action.at == kNever
             ? "no timer"
             : "timer at " + format_duration(action.at.time_since_epoch()) + " of the clock";
}
std::string line(const policy::Preconnect& action) {
  return "open " + number(action.connections) + " connections to " + backend(action.backend);
}

std::string line(const policy::BudgetCrossed& action) {
  return "the budget of the " + text(name(action.window)) +
         (action.over ? " is spent" : " is kept again") + ": " + std::to_string(action.usd) +
         " USD of " + std::to_string(action.limit_usd);
}

}  // namespace

std::string describe(const policy::Event& event) {
  return std::visit([](const auto& what) { return line(what); }, event);
}
std::string describe(const policy::Action& action) {
  return std::visit([](const auto& what) { return line(what); }, action);
}

}  // namespace warmgate::recording
