#include "recording/history.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace warmgate::recording {
namespace {

using End = PastRequest::End;
using policy::Outcome;

class Reader {
 public:
  explicit Reader(History& history) : history_(history) {}

  void take(const Step& step) {
    now_ = step.now;
    std::visit([this](const auto& event) { on(event); }, step.event);
    for (const policy::Action& action : step.actions) {
      std::visit([this](const auto& what) { did(what); }, action);
    }
  }

 private:
  struct Attempt {
    uint64_t request = 0;
    policy::PoolKind pool{};
    Instant began{};
    bool saw_start = false;
    bool committed = false;
  };

  PastRequest* find(uint64_t request) {
    const auto found = by_id_.find(request);
    return found == by_id_.end() ? nullptr : &history_.requests[found->second];
  }
  void end(PastRequest& request, End how) {
    if (request.end != End::running) return;
    request.end = how;
    request.ended = now_;
  }

  void on(const policy::RequestArrived& event) {
    by_id_[event.request.value] = history_.requests.size();
    history_.requests.push_back({.arrived = event, .at = now_, .here = event.gathers == 0});
  }
  // From here on its time counts; what simulates it later knows no uploads.
  void on(const policy::BodyHere& event) {
    PastRequest* const request = find(event.request.value);
    if (request == nullptr) return;
    request->at = now_;
    request->here = true;
  }
  void on(const policy::ClientGone& event) {
    if (PastRequest* request = find(event.request.value)) end(*request, End::gone);
  }
  void on(const policy::AttemptFirstByte& event) {
    const auto found = attempts_.find(event.attempt.value);
    if (found == attempts_.end()) return;
    Attempt& attempt = found->second;
    attempt.saw_start = event.evidence && event.evidence->age < now_ - attempt.began;
  }
  void on(const policy::AttemptFinished& event) {
    const auto found = attempts_.find(event.attempt.value);
    if (found == attempts_.end()) {
      ++history_.unknown_attempts;
      return;
    }
    const Attempt attempt = found->second;
    attempts_.erase(found);
    PastRequest* const request = find(attempt.request);
    if (request == nullptr || !attempt.committed) return;
    const bool good = event.outcome == Outcome::ok || event.outcome == Outcome::client_error;
    request->pool = attempt.pool;
    request->saw_start = attempt.saw_start;
    if (good) request->service = now_ - attempt.began;
    end(*request, good ? End::answered : End::failed);
  }
  void on(const policy::ProbeFinished& event) {
    const auto found = wakes_.find(event.probe.value);
    if (found == wakes_.end()) return;
    const Duration took = now_ - found->second;
    wakes_.erase(found);
    if (event.outcome != Outcome::ok) return;
    ++history_.wakes_answered;
    const bool started = event.evidence && event.evidence->age < took;
    if (started || (!event.evidence && took > kQuickWake)) history_.starts.push_back(took);
  }
  template <class Other>
  void on(const Other&) {}

  void did(const policy::StartAttempt& action) {
    ++history_.attempts_by_reason[static_cast<size_t>(action.reason)];
    attempts_[action.attempt.value] = {action.request.value, action.backend.pool, now_};
  }
  void did(const policy::Commit& action) {
    const auto found = attempts_.find(action.attempt.value);
    if (found != attempts_.end()) found->second.committed = true;
  }
  void did(const policy::Reject& action) {
    ++history_.rejects_by_reason[static_cast<size_t>(action.reason)];
    if (PastRequest* request = find(action.request.value)) {
      const bool failed = action.reason == policy::RejectReason::upstream_failed ||
                          action.reason == policy::RejectReason::upstream_timeout;
      end(*request, failed ? End::failed : End::refused);
    }
  }
  void did(const policy::StartProbe& action) {
    if (action.kind != policy::ProbeKind::wake) return;
    ++history_.wakes;
    wakes_[action.probe.value] = now_;
  }
  template <class Other>
  void did(const Other&) {}

  // Without an instance's age: a wake that was answered within this time started nothing.
  static constexpr Duration kQuickWake = 50ms;

  History& history_;
  Instant now_{};
  std::unordered_map<uint64_t, size_t> by_id_;
  std::unordered_map<uint64_t, Attempt> attempts_;
  std::unordered_map<uint64_t, Instant> wakes_;
};

template <class Wanted, class Value>
std::vector<Duration> ascending(const History& history, Wanted&& wanted, Value&& value) {
  std::vector<Duration> values;
  for (const PastRequest& request : history.requests) {
    if (request.end == End::answered && wanted(request)) values.push_back(value(request));
  }
  std::ranges::sort(values);
  return values;
}

}  // namespace

History history_of(const Recording& recording) {
  History history;
  Reader reader(history);
  Instant last = recording.segments.front().start;
  std::optional<Instant> first;
  for (const Segment& segment : recording.segments) {
    RecordReader records = recording.reader(segment);
    while (const auto step = records.next()) {
      reader.take(*step);
      if (!first) first = step->now;
      last = step->now;
    }
  }
  history.span = last - first.value_or(last);
  std::ranges::stable_sort(history.requests, {}, &PastRequest::at);
  std::ranges::sort(history.starts);
  return history;
}

uint64_t History::ended(End end) const {
  return static_cast<uint64_t>(std::ranges::count(requests, end, &PastRequest::end));
}

uint64_t History::answered_by(policy::PoolKind pool) const {
  return static_cast<uint64_t>(std::ranges::count_if(requests, [&](const PastRequest& request) {
    return request.end == End::answered && request.pool == pool;
  }));
}

std::vector<Duration> History::latencies() const {
  return ascending(
      *this, [](const PastRequest&) { return true; },
      [](const PastRequest& request) { return request.latency(); });
}

std::vector<Duration> History::service_times(policy::PoolKind pool) const {
  return ascending(
      *this, [&](const PastRequest& request) { return request.pool == pool && !request.saw_start; },
      [](const PastRequest& request) { return request.service; });
}

Duration quantile(const std::vector<Duration>& ascending, double q) {
  if (ascending.empty()) return Duration{};
  const double exact = std::ceil(q * static_cast<double>(ascending.size()));
  const auto rank =
      static_cast<size_t>(std::clamp(exact, 1.0, static_cast<double>(ascending.size())));
  return ascending[rank - 1];
}

}  // namespace warmgate::recording
