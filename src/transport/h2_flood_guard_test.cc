#include "transport/h2_flood_guard.h"

#include <gtest/gtest.h>

namespace warmgate::transport {
namespace {

constexpr Instant kStart{100s};
constexpr H2FloodLimits kLimits{
    .resets = 5, .resets_per_second = 2, .idle_frames = 20, .idle_frames_per_second = 10};

TEST(H2FloodGuard, ABurstMayBeAsLargeAsTheBucket) {
  H2FloodGuard guard(kLimits);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guard.on_reset(kStart)) << i;
  EXPECT_FALSE(guard.on_reset(kStart));
}

TEST(H2FloodGuard, WhatLeaksMayComeForEver) {
  H2FloodGuard guard(kLimits);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(guard.on_reset(kStart + i * 500ms)) << i;
}

TEST(H2FloodGuard, AQuietTimeEmptiesTheBucketAndNoMore) {
  H2FloodGuard guard(kLimits);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guard.on_reset(kStart));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guard.on_reset(kStart + 1h)) << i;
  EXPECT_FALSE(guard.on_reset(kStart + 1h));
}

TEST(H2FloodGuard, WorkAllowsForFramesThatBringNone) {
  H2FloodGuard guard(kLimits);
  for (int i = 0; i < 1'000; ++i) {
    for (int frame = 0; frame < 10; ++frame) ASSERT_TRUE(guard.on_idle_frame(kStart)) << i;
    guard.on_work();
  }
  int more = 0;
  while (guard.on_idle_frame(kStart)) ++more;
  EXPECT_EQ(more, 20);
}

TEST(H2FloodGuard, WorkIsNoCreditForLater) {
  H2FloodGuard guard(kLimits);
  for (int i = 0; i < 1'000; ++i) guard.on_work();
  int frames = 0;
  while (guard.on_idle_frame(kStart)) ++frames;
  EXPECT_EQ(frames, 20);
}

TEST(H2FloodGuard, ResetsAndIdleFramesAreCountedApart) {
  H2FloodGuard guard(kLimits);
  while (guard.on_idle_frame(kStart)) {
  }
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(guard.on_reset(kStart));
}

}  // namespace
}  // namespace warmgate::transport
