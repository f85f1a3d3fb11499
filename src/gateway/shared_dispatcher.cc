#include "gateway/shared_dispatcher.h"

#include <algorithm>
#include <utility>

namespace warmgate::gateway {

namespace {

constexpr uint32_t kProber = 0;  // the worker that has the probes

}  // namespace

SharedDispatcher::SharedDispatcher(std::unique_ptr<policy::Dispatcher> dispatcher,
                                   const recording::FlightRecorder* recorder, uint32_t workers)
    : workers_(workers),
      dispatcher_(std::move(dispatcher)),
      recorder_(recorder),
      inboxes_(workers) {}

void SharedDispatcher::tell_by(uint32_t worker, std::function<void()> tell) {
  inboxes_[worker].tell = std::move(tell);
}

void SharedDispatcher::step_shared(uint32_t worker, Instant now, const policy::Event& event,
                                   policy::Actions& mine) {
  const std::lock_guard lock(mutex_);
  take_inbox(worker, mine);
  now_ = std::max(now_, now);
  if (std::holds_alternative<policy::TimerFired>(event)) {
    if (now_ < timer_at_) return;
    timer_at_ = kNever;
  }
  actions_.clear();
  dispatcher_->step(now_, event, actions_);
  for (const policy::Action& action : actions_) route(worker, action, mine);
}

void SharedDispatcher::route(uint32_t worker, const policy::Action& action, policy::Actions& mine) {
  if (const auto* start = std::get_if<policy::StartAttempt>(&action)) {
    return give(worker_of(start->request), worker, action, mine);
  }
  if (const auto* reject = std::get_if<policy::Reject>(&action)) {
    return give(worker_of(reject->request), worker, action, mine);
  }
  if (std::holds_alternative<policy::StartProbe>(action)) {
    return give(kProber, worker, action, mine);
  }
  if (const auto* preconnect = std::get_if<policy::Preconnect>(&action)) {
    policy::Preconnect share = *preconnect;  // who waits, waits at any of them
    share.connections = (share.connections + workers_ - 1) / workers_;
    for (uint32_t to = 0; to < workers_; ++to) give(to, worker, share, mine);
    return;
  }
  if (const auto* timer = std::get_if<policy::SetTimer>(&action)) timer_at_ = timer->at;
  mine.push_back(action);
}

void SharedDispatcher::give(uint32_t to, uint32_t from, const policy::Action& action,
                            policy::Actions& mine) {
  if (to == from) {
    mine.push_back(action);
    return;
  }
  Inbox& inbox = inboxes_[to];
  inbox.actions.push_back(action);
  if (!std::exchange(inbox.told, true)) inbox.tell();
}

void SharedDispatcher::collect(uint32_t worker, policy::Actions& mine) {
  const std::lock_guard lock(mutex_);
  inboxes_[worker].told = false;
  take_inbox(worker, mine);
}

void SharedDispatcher::take_inbox(uint32_t worker, policy::Actions& mine) {
  policy::Actions& waiting = inboxes_[worker].actions;
  mine.insert(mine.end(), waiting.begin(), waiting.end());
  waiting.clear();
}

policy::ServiceStatus SharedDispatcher::status(Instant now) const {
  const std::lock_guard lock(mutex_);
  return dispatcher_->status(std::max(now_, now));
}

void SharedDispatcher::check_invariants() const {
  const std::lock_guard lock(mutex_);
  dispatcher_->check_invariants();
}

std::string SharedDispatcher::recording() const {
  const std::lock_guard lock(mutex_);
  return recorder_->file(recording::Cause::request);
}

}  // namespace warmgate::gateway
