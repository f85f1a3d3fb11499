#include "load/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace warmgate::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Duration> times(std::string_view profile, Spacing spacing, uint64_t seed = 1) {
  ProfileArrivals arrivals(*parse_profile(profile), spacing, seed);
  std::vector<Duration> all;
  while (const auto at = arrivals.next()) all.push_back(*at);
  return all;
}

size_t count_between(const std::vector<Duration>& all, Duration from, Duration to) {
  return static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [=](Duration t) { return t >= from && t < to; }));
}

TEST(Profile, ReadsEveryKindOfPhase) {
  const auto profile = parse_profile("10/s for 5s, ramp 10/s..80/s over 10s; burst 40\nquiet 20s");
  ASSERT_TRUE(profile.ok());
  EXPECT_THAT(*profile, ElementsAre(Phase{.from = 10, .to = 10, .length = 5s},
                                    Phase{.from = 10, .to = 80, .length = 10s}, Phase{.burst = 40},
                                    Phase{.length = 20s}));
  EXPECT_EQ(length_of(*profile), 35s);
}

TEST(Profile, AllowsCommentsEmptyLinesAndOtherUnits) {
  const auto profile = parse_profile("# a working day\n\n 60/m for 1m30s # morning\r\n,burst 2,\n");
  ASSERT_TRUE(profile.ok());
  EXPECT_THAT(*profile, ElementsAre(Phase{.from = 1, .to = 1, .length = 90s}, Phase{.burst = 2}));
}

TEST(Profile, NamesThePhaseThatIsWrong) {
  const auto profile = parse_profile("burst 1, ramp 10/s over 4s");
  ASSERT_FALSE(profile.ok());
  EXPECT_THAT(profile.error().message, HasSubstr("phase 2"));
  EXPECT_THAT(profile.error().message, HasSubstr("\"ramp 10/s over 4s\""));
  EXPECT_THAT(profile.error().message, HasSubstr("ramp 10/s..80/s over 10s"));
}

TEST(Profile, RefusesWhatMeansNothing) {
  for (const char* text : {"",
                           "  ,,",
                           "# only a comment",
                           "quiet 10s",
                           "0/s for 5s",
                           "10 for 5s",
                           "10/s for 5",
                           "-1/s for 5s",
                           "10/s for 0s",
                           "burst 0",
                           "burst -3",
                           "burst 1e3",
                           "burst 99999999999",
                           "1/d for 2s",
                           "nan/s for 2s",
                           "inf/s for 2s",
                           "10/s for 5s more",
                           "ramp 1/s-5/s over 2s",
                           "9999999/s for 1s",
                           "1/s for 9999d"}) {
    EXPECT_FALSE(parse_profile(text).ok()) << text;
  }
}

TEST(ProfileArrivals, SpacesEvenlyAcrossPhases) {
  EXPECT_THAT(times("10/s for 200ms, quiet 1s, 5/s for 400ms", Spacing::even),
              ElementsAre(50ms, 150ms, 1300ms, 1500ms));
}

TEST(ProfileArrivals, SendsABurstAtOnceAndInItsPlace) {
  EXPECT_THAT(times("quiet 1s, burst 3, 1/s for 1s, burst 1", Spacing::even),
              ElementsAre(1s, 1s, 1s, 1500ms, 2s));
}

TEST(ProfileArrivals, RampsUpAndDown) {
  const auto up = times("ramp 0/s..100/s over 10s", Spacing::even);
  EXPECT_EQ(up.size(), 500u);
  EXPECT_NEAR(static_cast<double>(count_between(up, 0s, 5s)), 125, 1);
  const auto down = times("ramp 100/s..0/s over 10s", Spacing::even);
  EXPECT_EQ(down.size(), 500u);
  EXPECT_NEAR(static_cast<double>(count_between(down, 0s, 5s)), 375, 1);
  EXPECT_LE(down.back(), 10s);
}

TEST(ProfileArrivals, DrawsPoissonGapsThatASeedRepeats) {
  const auto all = times("100/s for 100s", Spacing::poisson, 7);
  EXPECT_EQ(all, times("100/s for 100s", Spacing::poisson, 7));
  EXPECT_NE(all, times("100/s for 100s", Spacing::poisson, 8));
  EXPECT_NEAR(static_cast<double>(all.size()), 10'000, 400);  // four standard deviations
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  // In a Poisson process a share of 1 - 1/e of the gaps is under the mean gap.
  size_t short_gaps = 0;
  for (size_t i = 1; i < all.size(); ++i) short_gaps += all[i] - all[i - 1] < 10ms;
  EXPECT_NEAR(static_cast<double>(short_gaps) / static_cast<double>(all.size()), 0.632, 0.02);
}

}  // namespace
}  // namespace warmgate::load
