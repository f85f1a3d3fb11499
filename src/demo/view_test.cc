#include "demo/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace warmgate::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Frame sample() {
  Frame frame;
  frame.way = "through warmgate";
  frame.part = "burst";
  frame.elapsed = 12s;
  frame.length = 34s;
  frame.arrived = 56;
  frame.in_flight = 7;
  frame.slo = 500ms;
  frame.latency.record(40ms);
  frame.serverless = ServerlessStatus{.starting = 1, .serving = 2};
  frame.gateway = GatewayStatus{.always_on_state = "warm",
                                .serverless_state = "starting",
                                .evidence = "none",
                                .always_on_in_flight = 2,
                                .always_on_slots = 2,
                                .queued = 3,
                                .demand_per_s = 48.2};
  return frame;
}

TEST(View, LineTellsASecond) {
  const std::string line = frame_line(sample());
  EXPECT_THAT(line, StartsWith("  12/34 s burst    56/s in flight   7, p50 4"));
  EXPECT_THAT(line, HasSubstr("always-on warm 2/2, serverless starting 0/0, queue 3, demand 48/s"));
  EXPECT_THAT(line, HasSubstr("instances: 1 starting, 2 serving"));
}

TEST(View, SaysColdWhenThereIsNoInstance) {
  Frame frame = sample();
  frame.serverless = ServerlessStatus{};
  frame.gateway.reset();
  frame.latency.clear();
  EXPECT_THAT(frame_line(frame), HasSubstr("no answer | instances: cold"));
}

TEST(View, RedrawsOnATerminalOnly) {
  std::ostringstream terminal, file;
  View on_terminal(terminal, true), on_file(file, false);
  for (View* view : {&on_terminal, &on_file}) {
    view->begin_arm();
    view->show(sample());
    view->show(sample());
  }
  EXPECT_THAT(terminal.str(), HasSubstr("\033[6A"));
  EXPECT_THAT(terminal.str(), HasSubstr("██"));
  EXPECT_THAT(file.str(), Not(HasSubstr("\033")));
  const std::string lines = file.str();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
}

}  // namespace
}  // namespace warmgate::demo
