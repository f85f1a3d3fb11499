#include "policy/controlled_delay.h"

#include <gtest/gtest.h>

#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

constexpr ControlledDelay::Terms kTerms{1s, 300ms};

// One leaves every 100 ms.
void leave(ControlledDelay& delay, Instant& now, Duration time, Duration waited) {
  for (const Instant end = now + time; now < end; now += 100ms) delay.left(now, waited, kTerms);
}

TEST(ControlledDelay, a_burst_is_no_standing_queue) {
  ControlledDelay delay;
  Instant now{100s};
  delay.began(now, kTerms);
  leave(delay, now, 700ms, 400ms);
  leave(delay, now, 100ms, 200ms);
  leave(delay, now, 600ms, 400ms);
  EXPECT_FALSE(delay.stands(now, kTerms));
}

TEST(ControlledDelay, the_least_wait_of_an_interval_decides) {
  ControlledDelay delay;
  Instant now{100s};
  delay.began(now, kTerms);
  leave(delay, now, 2s, 400ms);
  EXPECT_TRUE(delay.stands(now, kTerms));
  leave(delay, now, 2s, 200ms);
  EXPECT_FALSE(delay.stands(now, kTerms));
}

TEST(ControlledDelay, a_queue_that_was_empty_does_not_stand) {
  ControlledDelay delay;
  Instant now{100s};
  delay.began(now, kTerms);
  leave(delay, now, 2s, 400ms);
  ASSERT_TRUE(delay.stands(now, kTerms));
  now += 1min;
  delay.began(now, kTerms);
  EXPECT_FALSE(delay.stands(now, kTerms));
}

TEST(ControlledDelay, a_queue_that_nobody_leaves_stands) {
  ControlledDelay delay;
  const Instant now{100s};
  delay.began(now, kTerms);
  EXPECT_FALSE(delay.stands(now + 1s, kTerms));
  EXPECT_TRUE(delay.stands(now + 2s, kTerms));
}

// How long until it is seen to stand, time and again.
TEST(ControlledDelay, what_comes_again_soon_is_seen_sooner) {
  ControlledDelay delay;
  Instant now{100s};
  Duration first{}, last{};
  for (int i = 0; i < 10; ++i) {
    delay.began(now, kTerms);
    const Instant began = now;
    while (!delay.stands(now, kTerms)) leave(delay, now, 100ms, 400ms);
    last = now - began;
    if (i == 0) first = last;
    while (delay.stands(now, kTerms)) leave(delay, now, 100ms, 0ms);
  }
  EXPECT_GE(first, 1s);
  EXPECT_LE(last, first / 2);
}

// ---- in the policy: no serverless pool, two slots, answers of 100 ms, an SLO of 500 ms

ServiceSettings controlled() {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  settings.queue.controlled_delay = true;
  return settings;
}

RequestArrived of(uint64_t id, Priority priority) {
  return {.request = RequestId{id}, .priority = priority};
}

// Answers one request each 50 ms, and one of `priority` arrives; gives the last id.
uint64_t overload(Script& script, uint64_t id, Duration time, Priority priority) {
  uint64_t oldest = id;
  script.fill(id, 2);
  id += 2;
  for (int i = 0; i < 5; ++i) script.tell(of(id++, priority));
  for (const Instant end = script.now() + time; script.now() < end;) {
    script.wait(50ms);
    while (oldest < id && !script.runs(oldest)) ++oldest;
    if (oldest < id) script.answer(oldest);
    script.tell(of(id++, priority));
  }
  return id;
}

TEST(ControlledQueue, refuses_low_priority_while_it_stands_and_high_as_before) {
  for (const bool on : {true, false}) {
    ServiceSettings settings = controlled();
    settings.queue.controlled_delay = on;
    Script script(settings);
    script.teach(1000, 20, 100ms);
    const uint64_t id = overload(script, 5000, 3s, Priority::high);
    ASSERT_GT(script.status().queued, 0u);
    EXPECT_EQ(script.status().queue_stands, on);
    script.tell(of(id, Priority::low));
    if (on) {
      ASSERT_TRUE(script.rejected(id));
      EXPECT_EQ(script.rejected(id)->reason, RejectReason::standing_queue);
      EXPECT_EQ(script.rejected(id)->status, 429);
    } else {
      EXPECT_FALSE(script.rejected(id) &&
                   script.rejected(id)->reason == RejectReason::standing_queue);
    }
    script.tell(of(id + 1, Priority::high));
    EXPECT_FALSE(script.rejected(id + 1) &&
                 script.rejected(id + 1)->reason == RejectReason::standing_queue);
  }
}

TEST(ControlledQueue, low_priority_that_need_not_wait_is_served_at_any_time) {
  Script script(controlled());
  script.arrive(1);
  script.tell(of(2, Priority::low));
  EXPECT_TRUE(script.started(2));
}

}  // namespace
}  // namespace warmgate::policy
