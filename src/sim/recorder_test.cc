#include "sim/recorder.h"

#include <gtest/gtest.h>

namespace warmgate::sim {
namespace {

constexpr Instant kStart{24h};

RequestEnd answered(Duration latency) {
  RequestEnd end;
  end.latency = latency;
  end.service = 100ms;
  return end;
}

uint64_t count(const Figures& figures, ViolationCause cause) {
  return figures.violations_by_cause[static_cast<size_t>(cause)];
}

TEST(Recorder, counts_late_refused_and_failed_each_by_itself_and_together) {
  World world;
  world.slo = 500ms;
  Recorder recorder(world, kStart, 10s, 0);
  RequestEnd refused = answered(1ms);
  refused.how = RequestEnd::How::refused;
  RequestEnd failed = answered(1ms);
  failed.how = RequestEnd::How::failed;
  for (const RequestEnd& end : {answered(500ms), answered(501ms), refused, failed}) {
    recorder.request_began(kStart);
    recorder.request_ended(kStart, end);
  }
  recorder.finish(kStart + 10s);
  const Figures& figures = recorder.figures();
  EXPECT_EQ(figures.requests, 4u);
  EXPECT_EQ(figures.answered, 2u);
  EXPECT_EQ(figures.late, 1u);
  EXPECT_EQ(figures.refused, 1u);
  EXPECT_EQ(figures.failed, 1u);
  EXPECT_EQ(figures.violations(), 3u);
  EXPECT_EQ(figures.violations_per_million(), 750'000);
  EXPECT_EQ(figures.latency.count(), 2u);
}

TEST(Recorder, names_the_first_cause_that_holds) {
  World world;
  world.slo = 500ms;
  Recorder recorder(world, kStart, 10s, 0);
  const auto end = [&](auto&& change) {
    RequestEnd what = answered(1s);
    change(what);
    recorder.request_ended(kStart, what);
  };
  const Figures& figures = recorder.figures();
  end([](RequestEnd& e) { e.service = 2s; });
  EXPECT_EQ(count(figures, ViolationCause::impossible), 1u);
  end([](RequestEnd& e) { e.saw_start = true; });
  EXPECT_EQ(count(figures, ViolationCause::start), 1u);
  end([](RequestEnd& e) { e.start_under_way = true; });  // not held for it: sent at once
  EXPECT_EQ(count(figures, ViolationCause::slow), 1u);
  end([](RequestEnd& e) { e.waited = e.start_under_way = true; });
  EXPECT_EQ(count(figures, ViolationCause::start), 2u);
  end([](RequestEnd& e) { e.waited = true; });
  EXPECT_EQ(count(figures, ViolationCause::queued), 1u);
  end([](RequestEnd& e) { e.how = RequestEnd::How::refused; });
  EXPECT_EQ(count(figures, ViolationCause::refused), 1u);
  EXPECT_EQ(figures.cold_starts_seen, 2u);
  EXPECT_EQ(figures.cold_starts_late, 2u);
  RequestEnd in_time = answered(400ms);
  in_time.saw_start = true;
  recorder.request_ended(kStart, in_time);
  EXPECT_EQ(figures.cold_starts_seen, 3u);
  EXPECT_EQ(figures.cold_starts_late, 2u);
}

TEST(Recorder, spreads_a_gauge_over_the_bins_that_it_lasts) {
  World world;
  Recorder recorder(world, kStart, 10s, 10);
  recorder.add(kStart + 500ms, Gauge::instances, 2);
  recorder.add(kStart + 2500ms, Gauge::instances, -1);
  recorder.request_began(kStart + 3500ms);
  recorder.request_began(kStart + 11s);  // beyond the last bin: counted in it
  recorder.finish(kStart + 4s);
  const std::vector<Timeline::Bin>& bins = recorder.figures().timeline.bins;
  ASSERT_EQ(bins.size(), 10u);
  EXPECT_NEAR(bins[0].instances, 1, 1e-6);
  EXPECT_NEAR(bins[1].instances, 2, 1e-6);
  EXPECT_NEAR(bins[2].instances, 1.5, 1e-6);
  EXPECT_NEAR(bins[3].instances, 1, 1e-6);
  EXPECT_NEAR(bins[4].instances, 0, 1e-6);
  EXPECT_EQ(bins[3].arrivals, 1u);
  EXPECT_EQ(bins[9].arrivals, 1u);
}

}  // namespace
}  // namespace warmgate::sim
