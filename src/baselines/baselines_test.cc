// Each baseline by literal events: what happens at which instant, and what it does about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "baselines/makers.h"
#include "baselines/registry.h"

namespace warmgate::baselines {
namespace {

using namespace policy;

ServiceSettings small_service() {
  ServiceSettings settings;
  settings.slo = 500ms;
  settings.always_on.backends = 1;
  settings.always_on.concurrency = 2;
  settings.serverless.concurrency = 4;
  return settings;
}

// Where a request is; `nowhere` while it waits.
enum class Place { nowhere, always_on, serverless };

class Course {
 public:
  explicit Course(std::unique_ptr<Dispatcher> dispatcher) : dispatcher_(std::move(dispatcher)) {}

  void wait(Duration time) {
    const Instant end = now_ + time;
    while (timer_ <= end) {
      now_ = timer_;
      timer_ = kNever;
      tell(TimerFired{});
    }
    now_ = end;
  }
  Place arrive(uint64_t id, bool repeatable = true) {
    tell(RequestArrived{.request = RequestId{id}, .repeatable = repeatable});
    return place(id);
  }
  // The whole answer of the request's attempt.
  void answer(uint64_t id, uint16_t status = 200) {
    const AttemptId attempt = attempts_.at(id).attempt;
    tell(AttemptFirstByte{attempt, status, std::nullopt});
    if (!committed_.contains(attempt.value)) return;  // cancelled: its end is told by end_cancelled
    finish(id, status >= 500 ? Outcome::server_error : Outcome::ok);
  }
  void finish(uint64_t id, Outcome outcome) {
    tell(AttemptFinished{attempts_.at(id).attempt, outcome});
  }
  void leave(uint64_t id) { tell(ClientGone{RequestId{id}}); }
  void end_cancelled() {
    for (const AttemptId attempt : std::exchange(cancelled_, {})) {
      tell(AttemptFinished{attempt, Outcome::cancelled});
    }
  }
  void drain() { tell(DrainStarted{}); }

  Place place(uint64_t id) const {
    const auto found = running_.find(id);
    if (found == running_.end()) return Place::nowhere;
    return found->second == PoolKind::always_on ? Place::always_on : Place::serverless;
  }
  std::optional<uint16_t> rejected(uint64_t id) const {
    const auto found = rejects_.find(id);
    return found == rejects_.end() ? std::nullopt : std::optional(found->second);
  }
  BackendRef backend(uint64_t id) const { return attempts_.at(id).backend; }
  bool committed(uint64_t id) const { return committed_.contains(attempts_.at(id).attempt.value); }
  ServiceStatus status() const { return dispatcher_->status(now_); }

 private:
  void tell(const Event& event) {
    Actions actions;
    dispatcher_->step(now_, event, actions);
    dispatcher_->check_invariants();
    if (const auto* finished = std::get_if<AttemptFinished>(&event)) {
      for (const auto& [request, start] : attempts_) {
        if (start.attempt == finished->attempt) running_.erase(request);
      }
    }
    for (const Action& action : actions) {
      if (const auto* start = std::get_if<StartAttempt>(&action)) {
        attempts_[start->request.value] = *start;
        running_[start->request.value] = start->backend.pool;
      } else if (const auto* commit = std::get_if<Commit>(&action)) {
        EXPECT_TRUE(committed_.insert(commit->attempt.value).second);
      } else if (const auto* cancel = std::get_if<CancelAttempt>(&action)) {
        cancelled_.push_back(cancel->attempt);
      } else if (const auto* reject = std::get_if<Reject>(&action)) {
        EXPECT_TRUE(rejects_.emplace(reject->request.value, reject->status).second);
        running_.erase(reject->request.value);
      } else if (const auto* timer = std::get_if<SetTimer>(&action)) {
        timer_ = timer->at;
      }
    }
  }

  std::unique_ptr<Dispatcher> dispatcher_;
  Instant now_{100s};
  Instant timer_ = kNever;
  std::map<uint64_t, StartAttempt> attempts_;  // the latest of a request
  std::map<uint64_t, PoolKind> running_;
  std::map<uint64_t, uint16_t> rejects_;
  std::set<uint64_t> committed_;
  std::vector<AttemptId> cancelled_;
};

// ---- what all have in common

TEST(Baseline, ClientsThatLeaveFreeTheirPlace) {
  Course course(make_always_on_only(small_service()));
  for (uint64_t id = 1; id <= 4; ++id) course.arrive(id);
  EXPECT_EQ(course.place(3), Place::nowhere);
  course.leave(3);  // waits
  course.leave(1);  // runs: its slot is taken until the attempt is over
  EXPECT_EQ(course.place(4), Place::nowhere);
  course.end_cancelled();
  EXPECT_EQ(course.place(4), Place::always_on);
  EXPECT_EQ(course.status().queued, 0u);
}

TEST(Baseline, ADrainEndsWhatWaitsAndFinishesWhatRuns) {
  Course course(make_always_on_only(small_service()));
  for (uint64_t id = 1; id <= 3; ++id) course.arrive(id);
  course.drain();
  EXPECT_EQ(course.rejected(3), 503);
  course.answer(1);
  EXPECT_TRUE(course.committed(1));
  course.arrive(4);
  EXPECT_EQ(course.rejected(4), 503);
}

TEST(Baseline, WhatMayNotBeRepeatedIsNot) {
  Course course(make_always_on_only(small_service()));
  course.arrive(1, false);
  course.finish(1, Outcome::broken);
  EXPECT_EQ(course.rejected(1), 502);
  course.arrive(2, false);
  course.finish(2, Outcome::connect_failed);  // no byte was sent
  EXPECT_EQ(course.place(2), Place::always_on);
  course.finish(2, Outcome::connect_failed);
  EXPECT_EQ(course.rejected(2), 502);
}

// ---- each rule

TEST(AlwaysOnOnly, ServesFirstComeFirstServed) {
  ServiceSettings settings = small_service();
  settings.always_on.backends = 2;
  settings.always_on.concurrency = 1;
  Course course(make_always_on_only(settings));
  EXPECT_EQ(course.arrive(1), Place::always_on);
  EXPECT_EQ(course.arrive(2), Place::always_on);
  EXPECT_NE(course.backend(1), course.backend(2));
  EXPECT_EQ(course.arrive(3), Place::nowhere);
  EXPECT_EQ(course.arrive(4), Place::nowhere);
  course.wait(10s);
  course.answer(2);
  EXPECT_EQ(course.place(3), Place::always_on);
  EXPECT_EQ(course.place(4), Place::nowhere);
}

TEST(AlwaysOnOnly, PassesOnWhatTheServerSays) {
  Course course(make_always_on_only(small_service()));
  course.arrive(1);
  course.answer(1, 503);
  EXPECT_TRUE(course.committed(1));
}

TEST(ServerlessOnly, SendsEverythingAtOnce) {
  Course course(make_serverless_only(small_service()));
  for (uint64_t id = 1; id <= 100; ++id) EXPECT_EQ(course.arrive(id), Place::serverless);
  course.answer(1, 429);
  EXPECT_TRUE(course.committed(1));
}

TEST(StaticSplit, KeepsItsShareEvenly) {
  ServiceSettings settings = small_service();
  settings.always_on.concurrency = 1000;
  Course course(make_static_split(settings, 0.25));
  std::string order;
  for (uint64_t id = 1; id <= 12; ++id) {
    order += course.arrive(id) == Place::always_on ? 'a' : 's';
  }
  EXPECT_EQ(order, "sasssasssass");
}

TEST(StaticSplit, WaitsInTheBalancerForAMachine) {
  Course course(make_static_split(small_service(), 1));
  course.arrive(1);
  course.arrive(2);
  EXPECT_EQ(course.arrive(3), Place::nowhere);
  course.answer(1);
  EXPECT_EQ(course.place(3), Place::always_on);
}

TEST(StaticSplit, TriesTheOtherPoolAfterAFailure) {
  Course course(make_static_split(small_service(), 0));
  course.arrive(1);
  course.finish(1, Outcome::connect_failed);
  EXPECT_EQ(course.place(1), Place::always_on);
  course.finish(1, Outcome::connect_failed);
  EXPECT_EQ(course.rejected(1), 502);
}

TEST(NginxBackup, AFullMachineIsNotUnavailable) {
  Course course(make_nginx_backup(small_service()));
  for (uint64_t id = 1; id <= 50; ++id) EXPECT_EQ(course.arrive(id), Place::always_on);
  course.answer(1, 503);  // and its 503 is no failure
  EXPECT_TRUE(course.committed(1));
  EXPECT_EQ(course.arrive(51), Place::always_on);
}

TEST(NginxBackup, UsesTheBackupForTenSecondsAfterAFailure) {
  Course course(make_nginx_backup(small_service()));
  course.arrive(1);
  course.finish(1, Outcome::connect_failed);
  EXPECT_EQ(course.place(1), Place::serverless);
  course.wait(9'999ms);
  EXPECT_EQ(course.arrive(2), Place::serverless);
  course.wait(1ms);
  EXPECT_EQ(course.arrive(3), Place::always_on);
}

TEST(NginxBackup, AReadTimeoutOfAMinuteIsAFailure) {
  Course course(make_nginx_backup(small_service()));
  course.arrive(1);
  course.arrive(2, false);
  course.wait(59s);
  EXPECT_EQ(course.place(1), Place::always_on);
  course.wait(1s);
  EXPECT_EQ(course.place(1), Place::serverless);
  EXPECT_EQ(course.rejected(2), 504);  // may not be repeated
  EXPECT_EQ(course.arrive(3), Place::serverless);
}

TEST(NginxBackup, TakesMachinesInTurnAndTriesEachOnce) {
  ServiceSettings settings = small_service();
  settings.always_on.backends = 2;
  Course course(make_nginx_backup(settings));
  course.arrive(1);
  course.arrive(2);
  EXPECT_NE(course.backend(1), course.backend(2));
  const BackendRef first = course.backend(1);
  course.finish(1, Outcome::broken);
  EXPECT_EQ(course.place(1), Place::always_on);
  EXPECT_NE(course.backend(1), first);
  course.finish(1, Outcome::broken);
  EXPECT_EQ(course.place(1), Place::serverless);
  course.finish(1, Outcome::broken);
  EXPECT_EQ(course.rejected(1), 502);
}

TEST(KedaLike, FallsBackAfterThirtySeconds) {
  Course course(make_keda_like(small_service()));
  EXPECT_EQ(course.arrive(1), Place::serverless);
  course.wait(29s);
  EXPECT_EQ(course.place(1), Place::serverless);
  course.wait(1s);
  EXPECT_EQ(course.place(1), Place::always_on);
}

TEST(KedaLike, FallsBackWhenThePlatformRefusesWhileCold) {
  Course course(make_keda_like(small_service()));
  course.arrive(1);
  course.answer(1, 429);
  EXPECT_EQ(course.place(1), Place::always_on);
}

TEST(KedaLike, HoldsNothingOnceItIsReady) {
  Course course(make_keda_like(small_service()));
  course.arrive(1);
  course.wait(5s);
  course.answer(1);
  course.arrive(2);
  course.wait(100s);
  EXPECT_EQ(course.place(2), Place::serverless);
  course.answer(2, 503);
  EXPECT_TRUE(course.committed(2));
  course.wait(300s);  // scaled to zero
  course.arrive(3);
  course.wait(30s);
  EXPECT_EQ(course.place(3), Place::always_on);
}

TEST(KedaLike, TheFallbackQueuesFirstComeFirstServed) {
  Course course(make_keda_like(small_service()));
  for (uint64_t id = 1; id <= 3; ++id) course.arrive(id);
  course.wait(30s);
  EXPECT_EQ(course.place(2), Place::always_on);
  EXPECT_EQ(course.status().queued, 1u);
  course.answer(1);
  EXPECT_EQ(course.place(3), Place::always_on);
}

// A hundred answers of 200 ms teach it the service time.
void teach(Course& course) {
  for (uint64_t id = 1'000; id < 1'100; ++id) {
    course.arrive(id);
    course.wait(200ms);
    course.answer(id);
  }
}

TEST(MarkLike, QueuesWhileThePredictionMeetsTheSlo) {
  Course course(make_mark_like(small_service()));
  teach(course);
  // Two slots, 200 ms each, an SLO of 500 ms: the wait may be 300 ms, three requests' work.
  EXPECT_EQ(course.arrive(1), Place::always_on);
  EXPECT_EQ(course.arrive(2), Place::always_on);
  EXPECT_EQ(course.arrive(3), Place::nowhere);
  EXPECT_EQ(course.arrive(4), Place::nowhere);
  EXPECT_EQ(course.arrive(5), Place::serverless);  // blindly
  course.wait(200ms);
  course.answer(1);
  EXPECT_EQ(course.place(3), Place::always_on);
  EXPECT_EQ(course.arrive(6), Place::nowhere);
}

TEST(MarkLike, BeforeItHasLearnedAFreeSlotIsGoodEnough) {
  Course course(make_mark_like(small_service()));
  EXPECT_EQ(course.arrive(1), Place::always_on);
  EXPECT_EQ(course.arrive(2), Place::always_on);
  EXPECT_EQ(course.arrive(3), Place::serverless);
}

TEST(MarkLike, WhatServerlessRefusesIsQueuedAfterAll) {
  Course course(make_mark_like(small_service()));
  for (uint64_t id = 1; id <= 3; ++id) course.arrive(id);
  course.answer(3, 429);
  EXPECT_EQ(course.place(3), Place::serverless);  // until its attempt is over
  course.end_cancelled();
  course.answer(1);
  EXPECT_EQ(course.place(3), Place::always_on);
}

// ---- the list

TEST(Registry, EachAlternativeIsThere) {
  std::set<std::string_view> names;
  for (const Alternative& alternative : alternatives()) {
    EXPECT_TRUE(names.insert(alternative.name).second);
    EXPECT_FALSE(alternative.description.empty());
    EXPECT_EQ(find_alternative(alternative.name), &alternative);
    ServiceSettings settings = small_service();
    if (!alternative.always_on) settings.always_on.backends = 0;
    if (!alternative.serverless) settings.serverless.backends = 0;
    const double choice = alternative.choices.empty() ? 0 : alternative.choices.front();
    Course course(alternative.make(settings, choice));
    EXPECT_NE(course.arrive(1), Place::nowhere) << alternative.name;
    course.answer(1);
    EXPECT_TRUE(course.committed(1)) << alternative.name;
  }
  EXPECT_EQ(find_alternative("magic"), nullptr);
}

TEST(Registry, ADispatcherWithoutPoolsRefuses) {
  ServiceSettings settings = small_service();
  settings.always_on.backends = 0;
  settings.serverless.backends = 0;
  for (const Alternative& alternative : alternatives()) {
    Course course(alternative.make(settings, 0.5));
    course.arrive(1);
    EXPECT_EQ(course.rejected(1), 503) << alternative.name;
  }
}

}  // namespace
}  // namespace warmgate::baselines
