// Reads every message of tests/conformance/http1 whole and in pieces; see the README there.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "http/testing.h"

namespace warmgate::http {
namespace {

using testing::Reading;

struct Case {
  std::string name;
  std::vector<std::string> expected;
  std::string message;
  Reading reading;
};

std::string unescape(std::string_view text);

// "{N*text}", from behind the opening brace; moves `at` behind the closing one.
std::string repetition(std::string_view text, size_t& at) {
  const size_t star = text.find('*', at), close = text.find('}', star);
  const size_t count = std::stoul(std::string(text.substr(at, star - at)));
  const std::string part = unescape(text.substr(star + 1, close - star - 1));
  at = close + 1;
  std::string out;
  for (size_t i = 0; i < count; ++i) out += part;
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool repeats = text[i] == '{' && text.find('*', i) < text.find('}', i) &&
                         text.find('}', i) != std::string_view::npos;
    if (repeats) {
      ++i;
      out += repetition(text, i);
    } else if (text[i] != '\\') {
      out += text[i++];
    } else if (text[i + 1] == 'x') {
      out += static_cast<char>(std::stoul(std::string(text.substr(i + 2, 2)), nullptr, 16));
      i += 4;
    } else {
      const std::string_view codes = "rnt0s\\", bytes{"\r\n\t\0 \\", 6};
      const size_t code = codes.find(text[i + 1]);
      if (code == std::string_view::npos) throw std::runtime_error("bad escape");
      out += bytes[code];
      i += 2;
    }
  }
  return out;
}

void take_line(const std::string& line, Case& current) {
  if (line.starts_with("| ")) {
    current.message += unescape(std::string_view(line).substr(2));
  } else if (line.starts_with("expect ")) {
    std::istringstream words(line.substr(7));
    for (std::string word; words >> word;) current.expected.push_back(unescape(word));
  } else if (line == "to upgrade") {
    current.reading.upgrade_requested = true;
  } else if (line.starts_with("to ")) {
    current.reading.request_method = classify_method(line.substr(3));
  } else if (!line.empty() && line[0] != '#') {
    throw std::runtime_error("not understood: " + line);
  }
}

std::vector<Case> load(const std::string& file, bool response) {
  std::ifstream in(std::string(WARMGATE_HTTP1_CORPUS) + "/" + file);
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("case ")) {
      cases.emplace_back().name = line.substr(5);
      cases.back().reading.response = response;
    } else if (!cases.empty()) {
      take_line(line, cases.back());
    }
  }
  return cases;
}

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
  const std::vector<Case> cases = load(file, file == "responses.txt");
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
