#include "recording/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/assert.h"
#include "policy/random_world.h"
#include "recording/describe.h"
#include "recording/flight_recorder.h"
#include "recording/replay.h"

namespace warmgate::recording {
namespace {

using policy::ServiceSettings;
using policy::TestWorld;
using policy::WorldSettings;
using testing::HasSubstr;

constexpr size_t kMuch = 64u << 20;

struct Recorded {
  std::string file;
  uint64_t steps = 0;
  std::string complaint;
  uint64_t digest = 0;
};

Recorded record(const WorldSettings& settings, uint64_t seed, size_t bytes) {
  const Origin origin{"digits", 1'760'000'000, Instant{10s}};
  auto recorder = std::make_unique<FlightRecorder>(settings.service, seed, bytes, origin);
  const FlightRecorder& kept = *recorder;
  TestWorld world(settings, seed, std::move(recorder));
  world.run();
  return {kept.file(Cause::request), kept.steps(), world.complaint(), world.digest()};
}

// Many requests, all kinds of events, in two segments of the least size.
WorldSettings long_world() {
  WorldSettings world = policy::random_world(5);
  world.service.always_on.backends = 2;
  world.service.serverless.backends = 1;
  world.arrivals_per_s = 400;
  world.service_time = 5ms;
  world.length = 30s;
  world.bursty = false;
  world.clients_leave = 0.05;
  world.replay_lost = 0.05;
  world.gathers = 0.3;
  world.never_here = 0.1;
  world.crashes_per_s = 0.5;
  world.changes_settings = true;
  world.drains = false;
  world.check_every = 1000;
  return world;
}

Recording read(const std::string& file) {
  Result<Recording> recording = read_recording(file);
  EXPECT_TRUE(recording.ok()) << (recording.ok() ? "" : recording.error().message);
  return recording.ok() ? std::move(*recording) : Recording{};
}

TEST(FlightRecorder, gives_the_same_actions_in_any_world) {
  for (uint64_t seed = 1; seed <= 100 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const WorldSettings world = policy::random_world(seed);
    const Recorded run = record(world, seed, kMuch);
    const Recording recording = read(run.file);
    EXPECT_TRUE(recording.from_start());
    EXPECT_EQ(recording.steps, run.steps);
    const auto replayed = replay(recording);
    ASSERT_TRUE(replayed.ok()) << replayed.error().message;
    EXPECT_FALSE(replayed->divergence.has_value());
    EXPECT_EQ(replayed->steps, run.steps);
    TestWorld unrecorded(world, seed);  // and the recorder changed nothing
    unrecorded.run();
    EXPECT_EQ(unrecorded.digest(), run.digest);
  }
}

TEST(FlightRecorder, goes_on_from_checkpoints_when_its_room_is_full) {
  const Recorded run = record(long_world(), 1, FlightRecorder::kLeastBytes);
  EXPECT_EQ(run.complaint, "");
  EXPECT_LE(run.file.size(), FlightRecorder::kLeastBytes * 5 / 4);
  EXPECT_GE(run.file.size(), FlightRecorder::kLeastBytes / 2);
  const Recording recording = read(run.file);
  ASSERT_EQ(recording.segments.size(), 2u);
  EXPECT_FALSE(recording.from_start());
  EXPECT_EQ(recording.segments.front().first_step + recording.steps, run.steps + 1);
  const auto replayed = replay(recording);
  ASSERT_TRUE(replayed.ok()) << replayed.error().message;
  EXPECT_FALSE(replayed->divergence.has_value());
  EXPECT_TRUE(replayed->same_state);
  EXPECT_EQ(replayed->steps, recording.steps);
}

TEST(FlightRecorder, other_settings_are_found_to_differ_at_a_step) {
  const Recording recording = read(record(long_world(), 1, FlightRecorder::kLeastBytes).file);
  ServiceSettings settings = *recording.segments.front().settings;
  settings.always_on.backends = 0;  // then nothing goes there
  const auto replayed = replay(recording, {settings, nullptr});
  ASSERT_TRUE(replayed.ok());
  ASSERT_TRUE(replayed->divergence.has_value());
  const Divergence& divergence = *replayed->divergence;
  EXPECT_GE(divergence.step.number, recording.segments.front().first_step);
  std::string recorded, now;
  for (const policy::Action& action : divergence.step.actions) recorded += describe(action);
  for (const policy::Action& action : divergence.replayed) now += describe(action);
  EXPECT_NE(recorded, now);
}

TEST(FlightRecorder, says_what_it_is_of) {
  const Recording recording = read(record(policy::random_world(3), 3, kMuch).file);
  EXPECT_EQ(recording.service, "digits");
  EXPECT_FALSE(recording.version.empty());
  EXPECT_EQ(recording.seed, 3u);
  EXPECT_EQ(recording.wall_s, 1'760'000'000u);
  EXPECT_FALSE(recording.unfinished);
  ASSERT_TRUE(recording.segments.front().settings.has_value());
  EXPECT_EQ(settings_bytes(*recording.segments.front().settings),
            settings_bytes(policy::random_world(3).service));
}

// The event that breaks an invariant is in the recording, and breaks it again.
TEST(FlightRecorder, keeps_the_event_that_broke_an_invariant) {
  const auto broken = [](const std::string& path) {
    static const FlightRecorder* crashing = nullptr;
    static const char* to = nullptr;
    FlightRecorder recorder(ServiceSettings{}, 1, kMuch, {"digits", 0, Instant{}});
    crashing = &recorder;
    to = path.c_str();
    set_assert_hook([](const char*, const char*, const char*, int) {
      std::FILE* out = std::fopen(to, "wb");
      crashing->write(Cause::assertion,
                      [&](const void* data, size_t size) { std::fwrite(data, 1, size, out); });
      std::fclose(out);
    });
    policy::Actions actions;
    recorder.step(Instant{1s}, policy::RequestArrived{policy::RequestId{1}}, actions);
    recorder.step(Instant{1s}, policy::RequestArrived{policy::RequestId{1}}, actions);
  };
  const std::string path = testing::TempDir() + "broken." + std::to_string(getpid());
  EXPECT_DEATH(broken(path), "an id is used once");
  std::string file(1u << 20, '\0');
  std::FILE* in = std::fopen(path.c_str(), "rb");
  ASSERT_NE(in, nullptr);
  file.resize(std::fread(file.data(), 1, file.size(), in));
  std::fclose(in);
  std::remove(path.c_str());
  const Recording recording = read(file);
  EXPECT_TRUE(recording.unfinished);
  EXPECT_EQ(recording.cause, Cause::assertion);
  EXPECT_EQ(recording.steps, 2u);
  EXPECT_DEATH((void)replay(recording), "an id is used once");
}

std::string refused(const std::string& file) {
  const auto recording = read_recording(file);
  return recording.ok() ? "" : recording.error().message;
}

TEST(Recording, what_is_cut_off_or_too_long_is_refused_with_its_place) {
  const std::string file = record(policy::random_world(2), 2, kMuch).file;
  for (size_t length = 0; length < file.size(); length += 1 + file.size() / 400) {
    EXPECT_THAT(refused(file.substr(0, length)),
                HasSubstr("not a whole flight recording: at byte "))
        << length;
  }
  EXPECT_THAT(refused(file + "12345678"),
              HasSubstr("at byte " + std::to_string(file.size()) + " there is more bytes"));
  EXPECT_THAT(refused("<html>"), HasSubstr("at byte 0"));
}

TEST(Recording, changed_bytes_are_refused) {
  const std::string file = record(policy::random_world(2), 2, kMuch).file;
  const size_t head = kMagic.size() + sizeof(FileHead);
  Prng prng(1);
  for (int i = 0; i < 500; ++i) {
    std::string changed = file;
    const size_t at = head + 16 + prng.below(file.size() - head - 16);
    changed[at] ^= static_cast<char>(1 + prng.below(255));
    EXPECT_NE(refused(changed), "") << at;
  }
}

TEST(Recording, of_another_version_is_read_and_not_replayed) {
  std::string file = record(policy::random_world(2), 2, kMuch).file;
  for (size_t i = 1; i <= 2; ++i) file[kMagic.size() + i * 8] ^= 1;  // both layouts
  const Recording recording = read(file);
  EXPECT_FALSE(recording.same_state_layout);
  EXPECT_GT(recording.steps, 100u);
  const auto replayed = replay(recording);
  ASSERT_FALSE(replayed.ok());
  EXPECT_THAT(replayed.error().message, HasSubstr("replay it with that version"));
}

}  // namespace
}  // namespace warmgate::recording
