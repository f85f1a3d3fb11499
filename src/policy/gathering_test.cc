// Requests whose bodies are not here yet: they hold no slot and keep nobody out.
#include "policy/test_script.h"

namespace warmgate::policy {
namespace {

ServiceSettings always_on_only() {
  ServiceSettings settings = small_service();
  settings.serverless.backends = 0;
  return settings;
}

RequestArrived head_of(uint64_t id, uint32_t bytes = 1000) {
  RequestArrived head{.request = RequestId{id}};
  head.bytes = head.gathers = bytes;
  return head;
}
BodyHere body_of(uint64_t id, uint64_t bytes = 1000) {
  return {RequestId{id}, bytes};
}

TEST(Gathering, a_request_takes_a_slot_when_its_body_is_here) {
  Script script(always_on_only());
  script.tell(head_of(1));
  EXPECT_TRUE(script.waits(1));
  EXPECT_EQ(script.status().gathering, 1u);
  EXPECT_EQ(script.status().gathering_bytes, 1000u);
  EXPECT_EQ(script.status().queued, 0u);
  script.wait(20s);
  script.tell(body_of(1));
  ASSERT_TRUE(script.started(1));
  EXPECT_EQ(script.started(1)->reason, Reason::cold) << "it did not wait for us";
  EXPECT_EQ(script.status().gathering, 0u);
  EXPECT_EQ(script.status().gathering_bytes, 0u);
}

TEST(Gathering, slow_bodies_keep_nobody_out) {
  ServiceSettings settings = always_on_only();
  settings.queue.max_requests = 5;
  Script script(settings);
  for (uint64_t id = 1; id <= 400; ++id) {
    script.tell(head_of(id));
    ASSERT_TRUE(script.waits(id));
  }
  script.fill(1001, 2);
  for (uint64_t id = 1003; id <= 1007; ++id) {
    script.arrive(id);
    EXPECT_TRUE(script.waits(id)) << "the places of the queue are for those who are here";
  }
  EXPECT_EQ(script.status().queued, 5u);
  script.answer(1001);
  EXPECT_TRUE(script.runs(1003));
}

TEST(Gathering, the_wait_and_the_deadline_count_from_the_body) {
  Script script(always_on_only());
  script.tell(head_of(3));
  script.let_pass(10s);
  script.fill(1, 2);
  script.tell(body_of(3));
  EXPECT_TRUE(script.waits(3));
  EXPECT_EQ(script.status().oldest_wait, 0s);
  script.let_pass(499ms);
  EXPECT_FALSE(script.rejected(3));
  script.let_pass(2ms);
  ASSERT_TRUE(script.rejected(3));
  EXPECT_EQ(script.rejected(3)->reason, RejectReason::busy_wait_expired);
}

TEST(Gathering, the_earlier_body_goes_first) {
  Script script(always_on_only());
  script.fill(1, 2);
  script.tell(head_of(3));
  script.wait(1ms);
  script.tell(head_of(4));
  script.tell(body_of(4));
  script.wait(1ms);
  script.tell(body_of(3));
  script.answer(1);
  EXPECT_TRUE(script.runs(4));
  EXPECT_FALSE(script.runs(3));
}

TEST(Gathering, the_clients_own_limit_counts_from_its_head) {
  Script script(always_on_only());
  RequestArrived head = head_of(1);
  head.client_limit = 2s;
  script.tell(head);
  script.let_pass(1'999ms);
  EXPECT_FALSE(script.rejected(1));
  script.let_pass(1ms);
  ASSERT_TRUE(script.rejected(1));
  EXPECT_EQ(script.rejected(1)->reason, RejectReason::slow_body);
  EXPECT_EQ(script.rejected(1)->status, 408);
  EXPECT_EQ(script.rejected(1)->retry_after, 0s);

  script.fill(2, 2);
  head.request = RequestId{4};
  script.tell(head);
  script.let_pass(1'900ms);
  script.tell(body_of(4));
  EXPECT_TRUE(script.waits(4));
  script.let_pass(101ms);
  ASSERT_TRUE(script.rejected(4)) << "100 ms were left of its own limit";
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::busy_wait_expired);

  head.request = RequestId{5};
  script.tell(head);
  script.wait(2s);  // the timer is late
  script.tell(body_of(5));
  ASSERT_TRUE(script.rejected(5));
  EXPECT_EQ(script.rejected(5)->reason, RejectReason::slow_body);
}

TEST(Gathering, whoever_has_gathered_for_the_longest_yields_the_room) {
  ServiceSettings settings = always_on_only();
  settings.queue.max_gathering = 3;
  settings.queue.max_gathering_bytes = 5000;
  Script script(settings);
  for (uint64_t id = 1; id <= 3; ++id) {
    script.tell(head_of(id));
    script.wait(1ms);
  }
  script.tell(head_of(4));
  EXPECT_TRUE(script.waits(4));
  ASSERT_TRUE(script.rejected(1));
  EXPECT_EQ(script.rejected(1)->reason, RejectReason::slow_body);
  EXPECT_EQ(script.rejected(1)->status, 408);

  script.tell(head_of(5, 4000));  // 1000 + 4000: two have to go
  EXPECT_TRUE(script.rejected(2));
  EXPECT_TRUE(script.rejected(3));
  EXPECT_TRUE(script.waits(5));
  EXPECT_EQ(script.status().gathering, 2u);
  EXPECT_EQ(script.status().gathering_bytes, 5000u);

  script.tell(head_of(6, 5001));
  ASSERT_TRUE(script.rejected(6)) << "no room would be enough";
  EXPECT_EQ(script.rejected(6)->reason, RejectReason::queue_full);
}

TEST(Gathering, low_priority_takes_no_room_from_high) {
  ServiceSettings settings = always_on_only();
  settings.queue.max_gathering = 1;
  Script script(settings);
  RequestArrived low = head_of(1);
  low.priority = Priority::low;
  script.tell(low);
  EXPECT_TRUE(script.waits(1));
  script.tell(head_of(2));
  EXPECT_TRUE(script.rejected(1));
  EXPECT_TRUE(script.waits(2));
  low.request = RequestId{3};
  script.tell(low);
  ASSERT_TRUE(script.rejected(3));
  EXPECT_EQ(script.rejected(3)->reason, RejectReason::queue_full);
}

TEST(Gathering, with_fair_shares_the_key_with_the_most_room_yields) {
  ServiceSettings settings = always_on_only();
  settings.queue.fair = true;
  settings.queue.max_gathering = 4;
  Script script(settings);
  RequestArrived head = head_of(1);
  head.key = 111;
  script.tell(head);
  for (uint64_t id = 2; id <= 4; ++id) {
    script.wait(1ms);
    head.request = RequestId{id};
    head.key = 222;
    script.tell(head);
  }
  head.request = RequestId{5};
  head.key = 333;
  script.tell(head);
  EXPECT_TRUE(script.rejected(2)) << "the oldest of those of which there are the most";
  EXPECT_FALSE(script.rejected(1)) << "the oldest of all";
  head.request = RequestId{6};
  head.key = 222;
  script.tell(head);
  EXPECT_TRUE(script.rejected(3)) << "its own";
}

TEST(Gathering, what_would_be_refused_is_refused_before_it_is_read) {
  ServiceSettings settings = always_on_only();
  settings.queue.max_requests = 1;
  Script script(settings);
  script.fill(1, 2);
  script.arrive(3);
  script.tell(head_of(4));
  ASSERT_TRUE(script.rejected(4));
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::queue_full);

  Script busy(always_on_only());
  busy.teach(1, 20, 400ms);
  busy.fill(100, 2);
  busy.tell(head_of(102));
  ASSERT_TRUE(busy.rejected(102));
  EXPECT_EQ(busy.rejected(102)->reason, RejectReason::overloaded);
  EXPECT_EQ(busy.rejected(102)->status, 429);
}

TEST(Gathering, what_was_let_in_can_be_refused_when_it_is_here) {
  ServiceSettings settings = always_on_only();
  settings.queue.max_requests = 1;
  Script script(settings);
  script.tell(head_of(4));
  script.fill(1, 2);
  script.arrive(3);
  script.tell(body_of(4));
  ASSERT_TRUE(script.rejected(4));
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::queue_full);
}

TEST(Gathering, with_fair_shares_a_place_is_taken_when_the_body_is_here) {
  ServiceSettings settings = always_on_only();
  settings.queue.fair = true;
  settings.queue.max_requests = 2;
  Script script(settings);
  script.fill(1, 2);
  for (uint64_t id = 3; id <= 4; ++id) {
    RequestArrived crowd = script.request(id);
    crowd.key = 111;
    script.tell(crowd);
  }
  RequestArrived head = head_of(5);
  head.key = 222;
  script.tell(head);
  EXPECT_FALSE(script.rejected(4));
  EXPECT_TRUE(script.waits(5));
  script.tell(body_of(5));
  ASSERT_TRUE(script.rejected(4));
  EXPECT_EQ(script.rejected(4)->reason, RejectReason::over_share);
}

TEST(Gathering, wakes_the_serverless_pool_while_its_body_comes) {
  Script script(small_service());
  script.fill(1, 2);
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u);
  script.tell(head_of(3));
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u) << "no slot is free for it";
  script.wait(3s);
  script.wake_answers();
  script.tell(body_of(3));
  EXPECT_TRUE(on_serverless(script.started(3)));
  EXPECT_EQ(script.status().cold_start.hidden, 1u);
  EXPECT_EQ(script.status().cold_start.seen, 0u);
}

TEST(Gathering, wakes_for_as_many_as_find_no_slot_when_they_are_here) {
  Script script(small_service());
  script.tell(head_of(1));
  script.tell(head_of(2));
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u) << "two slots are free";
  script.tell(head_of(3));
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
}

TEST(Gathering, where_always_on_is_preferred_it_wakes_nobody_early) {
  ServiceSettings settings = small_service();
  settings.prefer = Prefer::always_on;
  Script script(settings);
  script.fill(1, 2);
  script.tell(head_of(3));
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u);
}

TEST(Gathering, slow_bodies_do_not_wake_again_and_again) {
  Script script(small_service());
  for (uint64_t id = 1; id <= 50; ++id) script.tell(head_of(id));
  script.let_pass(4s);
  script.answer_probes();
  script.let_pass(1h);
  script.arrive(100);
  EXPECT_TRUE(on_always_on(script.started(100)));
  EXPECT_EQ(script.probes(ProbeKind::wake), 0u) << "an hour old: they are not counted on";
  EXPECT_EQ(script.status().gathering, 50u);
}

TEST(Gathering, a_heavy_one_wakes_the_pool_that_it_needs) {
  ServiceSettings settings = small_service();
  settings.heavy.allow_always_on = false;
  Script script(settings);
  script.tell(head_of(1, 2u << 20));
  EXPECT_EQ(script.probes(ProbeKind::wake), 1u);
}

TEST(Gathering, a_body_of_undeclared_size_is_as_heavy_as_it_turns_out_to_be) {
  ServiceSettings settings = small_service();
  settings.heavy.allow_always_on = false;
  Script script(settings);
  RequestArrived chunked = head_of(1, 0);
  chunked.bytes_known = false;
  chunked.gathers = 1u << 20;
  script.tell(chunked);
  script.tell(body_of(1, 1u << 20));
  EXPECT_TRUE(script.waits(1)) << "for the serverless pool";
  EXPECT_EQ(script.status().queued_bytes, 1u << 20);
}

TEST(Gathering, a_client_that_leaves_leaves_nothing) {
  Script script(always_on_only());
  script.tell(head_of(1));
  script.tell(ClientGone{RequestId{1}});
  EXPECT_EQ(script.status().gathering, 0u);
  EXPECT_EQ(script.status().gathering_bytes, 0u);
  script.tell(body_of(1));
  EXPECT_TRUE(script.did().empty()) << "it is nobody's any more";
}

TEST(Gathering, a_drain_ends_it_as_it_ends_waits) {
  Script script(always_on_only());
  script.tell(head_of(1));
  script.tell(DrainStarted{});
  ASSERT_TRUE(script.rejected(1));
  EXPECT_EQ(script.rejected(1)->reason, RejectReason::draining);
  EXPECT_EQ(script.rejected(1)->status, 503);
  script.tell(head_of(2));
  ASSERT_TRUE(script.rejected(2));
  EXPECT_EQ(script.rejected(2)->reason, RejectReason::draining);
}

TEST(Gathering, where_nobody_could_answer_nothing_is_read) {
  Script script(always_on_only());
  script.tell(head_of(9));
  for (uint64_t id = 1; id <= 3 && !script.rejected(id); ++id) {
    script.arrive(id);
    if (script.started(id)) script.finish(id, Outcome::connect_failed);
  }
  script.tell(head_of(10));
  ASSERT_TRUE(script.rejected(10));
  EXPECT_EQ(script.rejected(10)->reason, RejectReason::all_down);
  script.tell(body_of(9));
  ASSERT_TRUE(script.rejected(9));
  EXPECT_EQ(script.rejected(9)->reason, RejectReason::all_down);
}

TEST(Gathering, low_priority_is_refused_before_it_is_read_while_the_queue_stands) {
  Script script(always_on_only());
  script.teach(1, 20, 100ms);
  // Two slots, each answer 100 ms; kept full, with a queue in which the least wait is long.
  uint64_t next = 100;
  std::vector<uint64_t> order;
  const auto offer = [&] {
    script.arrive(next);
    if (!script.rejected(next)) order.push_back(next);
    ++next;
  };
  for (int i = 0; i < 8; ++i) offer();
  for (size_t done = 0; done < 40 && done < order.size(); ++done) {
    script.let_pass(50ms);
    if (script.runs(order[done])) script.answer(order[done]);
    offer();
  }
  ASSERT_TRUE(script.status().queue_stands);
  RequestArrived low = head_of(9'999);
  low.priority = Priority::low;
  script.tell(low);
  ASSERT_TRUE(script.rejected(9'999));
  EXPECT_EQ(script.rejected(9'999)->reason, RejectReason::standing_queue);
}

TEST(Gathering, new_bounds_hold_for_the_next_one) {
  ServiceSettings settings = always_on_only();
  Script script(settings);
  for (uint64_t id = 1; id <= 5; ++id) script.tell(head_of(id));
  settings.queue.max_gathering = 2;
  settings.queue.fair = true;
  script.tell(SettingsChanged{settings});
  EXPECT_EQ(script.status().gathering, 5u);
  script.tell(head_of(6));
  EXPECT_EQ(script.status().gathering, 2u);
  EXPECT_TRUE(script.rejected(4));
  EXPECT_FALSE(script.rejected(5));
}

}  // namespace
}  // namespace warmgate::policy
