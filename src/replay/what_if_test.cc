#include "replay/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recording/flight_recorder.h"
#include "recording/replay.h"
#include "workload/generators.h"

namespace warmgate::replay {
namespace {

using policy::PoolKind;
using policy::ServiceSettings;
using recording::FlightRecorder;
using recording::History;
using recording::PastRequest;
using recording::Recording;
using testing::HasSubstr;

// Bursts of what the always-on pool cannot do alone.
sim::World small_world() {
  sim::World world;
  world.slo = 1s;
  world.always_on.slots = 4;
  world.always_on.share_cores = false;
  world.serverless.concurrency = 4;
  world.serverless.vcpus = 4;
  world.serverless.max_instances = 10;
  world.serverless.start = sim::StartTime::fixed(2s);
  world.serverless.idle_limit = 30s;
  world.serverless.idle_least = 15s;
  return world;
}

workload::Workload bursts() {
  const workload::Mmpp2 model{3, 40, 40s, 15s, 10min};
  return workload::with_service(workload::draw(model, 1),
                                workload::TimeDraw::lognormal(150ms, 400ms), 1);
}

struct Recorded {
  sim::Figures figures;
  std::string file;
};

Recorded record(const sim::World& world, size_t bytes) {
  FlightRecorder recorder(sim::settings_for(world), 7, bytes, {"digits", 0, Instant{}});
  Recorded result;
  result.figures = sim::simulate(world, bursts(), recorder, 7);
  result.file = recorder.file(recording::Cause::request);
  return result;
}

Recording read(const std::string& file) {
  auto recording = recording::read_recording(file);
  EXPECT_TRUE(recording.ok());
  return std::move(*recording);
}

plan::Policy policy_named(std::string_view name, const ServiceSettings& settings) {
  return plan::select_policies(name, &settings)->front();
}

TEST(SimulatedRecording, is_replayed_bit_for_bit) {
  for (const size_t bytes : {size_t{256} << 10, size_t{64} << 20}) {
    const Recording recording = read(record(small_world(), bytes).file);
    EXPECT_EQ(recording.segments.size(), bytes > (1u << 20) ? 1u : 2u);
    const auto replayed = recording::replay(recording);
    ASSERT_TRUE(replayed.ok()) << replayed.error().message;
    EXPECT_FALSE(replayed->divergence.has_value());
    EXPECT_TRUE(replayed->same_state);
    EXPECT_EQ(replayed->steps, recording.steps);
  }
}

TEST(SimulatedRecording, tells_what_happened) {
  const Recorded recorded = record(small_world(), 64u << 20);
  const sim::Figures& figures = recorded.figures;
  const Recording recording = read(recorded.file);
  const History history = recording::history_of(recording);
  EXPECT_EQ(history.requests.size(), figures.requests);
  EXPECT_EQ(history.ended(PastRequest::End::answered), figures.answered);
  EXPECT_EQ(history.ended(PastRequest::End::refused), figures.refused);
  EXPECT_NEAR(static_cast<double>(history.answered_by(PoolKind::serverless)) /
                  static_cast<double>(figures.answered),
              figures.serverless_share, 1e-9);
  EXPECT_EQ(history.wakes, figures.wakes.total);
  EXPECT_EQ(history.unknown_attempts, 0u);
  ASSERT_FALSE(history.starts.empty());
  EXPECT_NEAR(to_seconds(recording::quantile(history.starts, 0.5)), 2.0, 0.1);
}

TEST(WhatIf, the_same_settings_give_the_same_column) {
  const Recording recording = read(record(small_world(), 64u << 20).file);
  const ServiceSettings settings = *recording.segments.front().settings;
  const auto result = what_if(recording::history_of(recording), settings, settings,
                              policy_named("warmgate", settings), 1);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->as_recorded.late, result->otherwise.late);
  EXPECT_EQ(result->as_recorded.latency.sum(), result->otherwise.latency.sum());
  EXPECT_EQ(result->as_recorded.usd(), result->otherwise.usd());
}

TEST(WhatIf, as_recorded_is_near_what_happened) {
  const Recorded recorded = record(small_world(), 64u << 20);
  const Recording recording = read(recorded.file);
  const ServiceSettings settings = *recording.segments.front().settings;
  const auto result = what_if(recording::history_of(recording), settings, settings,
                              policy_named("warmgate", settings), 1);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->as_recorded.requests, recorded.figures.requests);
  EXPECT_NEAR(result->as_recorded.serverless_share, recorded.figures.serverless_share, 0.06);
  const double typical = to_seconds(recorded.figures.latency.quantile(0.5));
  EXPECT_NEAR(to_seconds(result->as_recorded.latency.quantile(0.5)), typical, 0.15 * typical);
}

TEST(WhatIf, a_larger_always_on_pool_takes_all) {
  const Recording recording = read(record(small_world(), 64u << 20).file);
  const ServiceSettings settings = *recording.segments.front().settings;
  ServiceSettings larger = settings;
  larger.always_on.concurrency = 200;
  larger.serverless.backends = 0;
  const auto result = what_if(recording::history_of(recording), settings, larger,
                              policy_named("warmgate", larger), 1);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->otherwise.serverless_share, 0);
  EXPECT_EQ(result->otherwise.violations(), 0u);
  EXPECT_GT(result->as_recorded.serverless_share, 0.1);
}

TEST(WhatIf, needs_an_answer) {
  FlightRecorder recorder({}, 1, 1, {"digits", 0, Instant{}});
  policy::Actions actions;
  recorder.step(Instant{1s}, policy::TimerFired{}, actions);
  const Recording recording = read(recorder.file(recording::Cause::request));
  const ServiceSettings settings;
  const auto result = what_if(recording::history_of(recording), settings, settings,
                              policy_named("warmgate", settings), 1);
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("no good answer"));
}

}  // namespace
}  // namespace warmgate::replay
