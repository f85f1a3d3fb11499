// Reads every message of tests/conformance/http1 whole and in pieces; see the README there.
#include <gtest/gtest.h>

#include "http/corpus.h"

namespace warmgate::http {
namespace {

using testing::Case;

void check_expectation(const Case& c, const std::string& outcome) {
  ASSERT_FALSE(c.expected.empty());
  const std::string& verdict = c.expected[0];
  if (verdict == "incomplete") {
    EXPECT_EQ(outcome, "incomplete head");
    return;
  }
  if (verdict != "ok") {
    EXPECT_TRUE(outcome.starts_with("error " + verdict + " ")) << outcome;
    return;
  }
  EXPECT_FALSE(outcome.starts_with("error ")) << outcome;
  for (size_t i = 1; i < c.expected.size(); ++i) {
    const std::string& word = c.expected[i];
    if (word.starts_with("not:")) {
      EXPECT_EQ(outcome.find(word.substr(4)), std::string::npos) << word << " in " << outcome;
    } else {
      EXPECT_NE((outcome + " ").find(word), std::string::npos) << word << " in " << outcome;
    }
  }
}

void check_pieces(const Case& c, const std::string& outcome) {
  // Long messages repeat themselves: a step that is prime to most things does for them.
  const size_t step = c.message.size() <= 2500 ? 1 : 97;
  for (size_t at = 0; at <= c.message.size(); at += step) {
    ASSERT_EQ(testing::read_split(c.reading, c.message, at), outcome) << "split at " << at;
  }
  for (size_t size : {1, 2, 3, 7}) {
    const size_t scaled = size * step;
    ASSERT_EQ(testing::read_in_pieces(c.reading, c.message, scaled), outcome)
        << "in pieces of " << scaled;
  }
}

class Conformance : public ::testing::TestWithParam<const char*> {};

TEST_P(Conformance, EveryMessageWholeAndInPieces) {
  const std::string file = GetParam();
  const std::vector<Case> cases = testing::load_cases(WARMGATE_HTTP1_CORPUS, file);
  ASSERT_GT(cases.size(), 40u);
  for (const Case& c : cases) {
    SCOPED_TRACE(file + ": " + c.name);
    const std::string outcome = testing::read_whole(c.reading, c.message);
    check_expectation(c, outcome);
    check_pieces(c, outcome);
  }
}

INSTANTIATE_TEST_SUITE_P(Http1, Conformance, ::testing::Values("requests.txt", "responses.txt"),
                         [](const auto& parameter) {
                           return std::string(parameter.param).substr(0, 7);
                         });

}  // namespace
}  // namespace warmgate::http
