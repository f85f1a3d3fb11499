#include "admin/process_stats.h"

#include <gtest/gtest.h>

namespace warmgate::admin {
namespace {

TEST(ProcessStats, ReadsTheLineOfTheKernel) {
  const auto stats = parse_process_stat(
      "4242 (a) odd (name) S 1 4242 4242 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 3 0 12345 "
      "104857600 2560 18446744073709551615 1 1 0 0 0\n",
      {100, 4096});
  ASSERT_TRUE(stats);
  EXPECT_DOUBLE_EQ(stats->cpu_s, 2.0);
  EXPECT_EQ(stats->threads, 3u);
  EXPECT_DOUBLE_EQ(stats->start_time_s, 123.45);
  EXPECT_EQ(stats->virtual_bytes, 104857600u);
  EXPECT_EQ(stats->resident_bytes, 2560u * 4096);
}

TEST(ProcessStats, RefusesWhatIsCutOff) {
  EXPECT_FALSE(parse_process_stat("", {}));
  EXPECT_FALSE(parse_process_stat("4242 (name) S 1 2 3", {}));
}

TEST(ProcessStats, KnowsThisProcess) {
  const ProcessStats stats = read_process_stats();
  EXPECT_GT(stats.resident_bytes, 0u);
  EXPECT_GE(stats.threads, 1u);
  EXPECT_GE(stats.open_fds, 3u);
  EXPECT_GT(stats.start_time_s, 1.7e9);  // after 2023
}

}  // namespace
}  // namespace warmgate::admin
