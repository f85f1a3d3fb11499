// What the serverless pool costs, and what happens when the owner's budget is spent.
#include "policy/spending.h"

#include <gtest/gtest.h>

#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

constexpr Instant kStart = Instant{} + 100s;

double hour_of(const Spending& spending, Instant now) {
  return spending.spent(now, BudgetWindow::hour);
}

Spending spending_of(double usd_per_instance_s, double usd_per_request,
                     const BudgetSettings& budget = {}) {
  Spending spending;
  spending.configure({usd_per_instance_s, usd_per_request}, budget);
  return spending;
}

TEST(Spending, adds_up_instances_and_requests) {
  Spending spending = spending_of(2, 0.5);
  spending.request();
  spending.paid_instances(kStart, 1);
  spending.paid_instances(kStart + 10s, 3);
  spending.paid_instances(kStart + 20s, 0);
  EXPECT_DOUBLE_EQ(hour_of(spending, kStart + 20s), 0.5 + 2 * (10 + 30));
  EXPECT_DOUBLE_EQ(spending.total(), 80.5);
}

TEST(Spending, short_work_is_paid_in_whole_steps_and_no_step_twice) {
  Spending spending = spending_of(1, 0);
  const auto work = [&](Instant from, Duration length) {
    spending.paid_instances(from, 1);
    spending.paid_instances(from + length, 0);
  };
  work(kStart, 20ms);
  work(kStart + 50ms, 20ms);  // within the first step
  work(kStart + 1s, 130ms);   // two steps
  spending.paid_instances(kStart + 10s, 1);
  EXPECT_NEAR(spending.total(), 0.3, 1e-9);
}

TEST(Spending, forgets_what_is_older_than_the_window) {
  Spending spending = spending_of(0, 1);
  spending.request();
  spending.paid_instances(kStart, 0);
  EXPECT_EQ(spending.spent(kStart + 58min, BudgetWindow::hour), 1);
  EXPECT_EQ(spending.spent(kStart + 61min, BudgetWindow::hour), 0);
  EXPECT_EQ(spending.spent(kStart + 23h, BudgetWindow::day), 1);
  EXPECT_EQ(spending.spent(kStart + 25h, BudgetWindow::day), 0);
  EXPECT_EQ(spending.spent(kStart + 29 * 24h, BudgetWindow::month), 1);
  EXPECT_EQ(spending.spent(kStart + 31 * 24h, BudgetWindow::month), 0);
}

TEST(Spending, tells_each_crossing_once) {
  Spending spending = spending_of(0, 1, {.hour_usd = 2, .day_usd = 3});
  spending.request();
  EXPECT_FALSE(spending.crossing(kStart));
  spending.request();
  const auto over = spending.crossing(kStart);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->window, BudgetWindow::hour);
  EXPECT_TRUE(over->over);
  EXPECT_EQ(over->usd, 2);
  EXPECT_EQ(over->limit_usd, 2);
  EXPECT_TRUE(spending.over());
  EXPECT_FALSE(spending.crossing(kStart));
  spending.paid_instances(kStart + 1s, 0);
  const auto under = spending.crossing(kStart + 2h);
  ASSERT_TRUE(under);
  EXPECT_FALSE(under->over);
  EXPECT_FALSE(spending.over());
}

ServiceSettings frugal(WhenSpent when_spent) {
  ServiceSettings settings = small_service();
  settings.serverless.usd_per_request = 1;
  settings.budget = {.hour_usd = 3, .when_spent = when_spent};
  return settings;
}

// Wakes the pool by an overflow, and uses it once: 1 USD for the wake, 1 for the request.
void use_serverless(Script& script, uint64_t first_id) {
  script.fill(first_id, 2);
  script.arrive(first_id + 2);
  script.wait(100ms);
  script.wake_answers(10ms, first_id);
  ASSERT_TRUE(on_serverless(script.started(first_id + 2)));
  for (uint64_t id = first_id; id < first_id + 3; ++id) script.answer(id);
}

uint32_t crossings(const Actions& actions) {
  uint32_t count = 0;
  for (const Action& action : actions) count += std::holds_alternative<BudgetCrossed>(action);
  return count;
}

TEST(Budget, a_spent_one_stops_wakes_until_the_window_has_moved_on) {
  Script script(frugal(WhenSpent::stop_waking));
  use_serverless(script, 1);
  EXPECT_DOUBLE_EQ(script.status().spending.total, 2);
  script.wait(20min);  // asleep again
  script.fill(10, 2);
  script.arrive(12);
  ASSERT_EQ(script.probes(ProbeKind::wake), 1u) << "the third dollar";
  EXPECT_EQ(crossings(script.did()), 1u);
  EXPECT_TRUE(script.status().spending.over);
  script.wait(100ms);
  script.wake_answers(10ms, 12);
  script.tell(ClientGone{RequestId{12}});
  script.answer(10);
  script.answer(11);

  script.wait(20min);
  script.fill(20, 2);
  script.arrive(22);
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u);
  script.answer(20);
  ASSERT_TRUE(script.runs(22)) << "it waited for the always-on pool";
  script.answer(21);
  script.answer(22);

  script.wait(61min);
  use_serverless(script, 30);
  EXPECT_FALSE(script.status().spending.over);
}

TEST(Budget, warns_only_where_that_is_what_the_owner_asked_for) {
  Script script(frugal(WhenSpent::warn));
  use_serverless(script, 1);
  script.wait(20min);
  use_serverless(script, 10);
  EXPECT_TRUE(script.status().spending.over);
  script.wait(20min);
  use_serverless(script, 20);
  EXPECT_DOUBLE_EQ(script.status().spending.total, 6);
}

TEST(Budget, the_last_pool_that_could_answer_is_never_withheld) {
  ServiceSettings settings = frugal(WhenSpent::stop_waking);
  settings.always_on.backends = 0;
  settings.budget.hour_usd = 1;
  Script script(settings);
  for (uint64_t id = 1; id <= 3; ++id) {
    script.arrive(id);
    EXPECT_EQ(script.probes(ProbeKind::wake), 1u) << id;
    script.wait(100ms);
    script.wake_answers(10ms, id);
    EXPECT_TRUE(on_serverless(script.started(id)));
    script.answer(id);
    script.wait(16min);
  }
}

}  // namespace
}  // namespace warmgate::policy
