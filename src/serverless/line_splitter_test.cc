#include "serverless/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace warmgate::serverless {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> split(std::string_view text, size_t piece) {
  std::vector<std::string> lines;
  LineSplitter splitter([&](std::string_view line) { lines.emplace_back(line); });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    splitter.feed(text.substr(0, piece));
  }
  splitter.finish();
  return lines;
}

TEST(LineSplitter, SameLinesAtEverySplitPoint) {
  for (size_t piece = 1; piece <= 12; ++piece) {
    EXPECT_THAT(split("one\ntwo\r\n\nend", piece), ElementsAre("one", "two", "", "end"));
  }
}

TEST(LineSplitter, LongLinesAreBounded) {
  const size_t max = LineSplitter::kMaxLine;
  auto lines = split(std::string(2 * max + 5, 'x') + "\ny\n", 1000);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].size(), max);
  EXPECT_EQ(lines[1].size(), max);
  EXPECT_EQ(lines[2], "xxxxx");
  EXPECT_EQ(lines[3], "y");
}

}  // namespace
}  // namespace warmgate::serverless
