// Every message of http1/, and seeded mutations of them, read by us and by llhttp. The differences
// that are known stand with their reasons in http1/llhttp.txt: no other may exist, and no line
// there may be out of date.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "base/prng.h"
#include "http/corpus.h"
#include "llhttp_oracle.h"

namespace warmgate::test {
namespace {

using http::testing::Case;

const char* name_of(Opinion opinion) {
  switch (opinion) {
    case Opinion::same:
      return "same";
    case Opinion::we_refuse:
      return "refused";
    case Opinion::it_refuses:
      return "taken";
    case Opinion::differs:
      return "differs";
  }
  return "?";
}

std::vector<Case> all_cases() {
  std::vector<Case> cases = http::testing::load_cases(WARMGATE_HTTP1_CORPUS, "requests.txt");
  for (Case& c : http::testing::load_cases(WARMGATE_HTTP1_CORPUS, "responses.txt")) {
    cases.push_back(std::move(c));
  }
  return cases;
}

std::string title(const Case& c) {
  return (c.reading.response ? "response: " : "request: ") + c.name;
}

// Lines such as "refused request: name of the case".
std::map<std::string, std::string> known_differences() {
  std::ifstream in(std::string(WARMGATE_HTTP1_CORPUS) + "/llhttp.txt");
  std::map<std::string, std::string> known;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const size_t space = line.find(' ');
    if (space == std::string::npos) throw std::runtime_error("not understood: " + line);
    known[line.substr(space + 1)] = line.substr(0, space);
  }
  return known;
}

TEST(Llhttp, DiffersFromUsOnlyWhereThatIsKnown) {
  auto known = known_differences();
  const std::vector<Case> cases = all_cases();
  ASSERT_GT(cases.size(), 200u);
  for (const Case& c : cases) {
    const Comparison found = compare_with_llhttp(c.reading, c.message);
    const auto listed = known.extract(title(c));
    EXPECT_EQ(name_of(found.opinion), listed.empty() ? "same" : listed.mapped())
        << title(c) << "; " << found.detail;
  }
  for (const auto& [name, kind] : known) ADD_FAILURE() << kind << " " << name << ": no such case";
}

// One change of a kind that attackers make.
std::string mutate(std::string message, const std::vector<Case>& cases, Prng& prng) {
  static constexpr std::string_view kPieces[] = {"\r\n",
                                                 "\r",
                                                 "\n",
                                                 " ",
                                                 "\t",
                                                 "\0",
                                                 ":",
                                                 ";",
                                                 ",",
                                                 "0",
                                                 "\x0b",
                                                 "\xa0",
                                                 "chunked",
                                                 "Content-Length: 3\r\n",
                                                 "Transfer-Encoding: chunked\r\n",
                                                 "Transfer-Encoding : chunked\r\n",
                                                 "Connection: close\r\n",
                                                 "Upgrade: x\r\n",
                                                 "HTTP/1.0",
                                                 "0\r\n\r\n",
                                                 "1\r\nx\r\n",
                                                 " \r\n",
                                                 "Host: b\r\n",
                                                 "X: y\r\n z\r\n"};
  const auto piece = kPieces[prng.below(std::size(kPieces))];
  const size_t at = prng.below(message.size() + 1);
  switch (prng.below(5)) {
    case 0:
      return message.insert(at, piece.empty() ? std::string_view("\0", 1) : piece);
    case 1:
      return message.erase(at, 1 + prng.below(4));
    case 2:
      if (at < message.size()) message[at] = static_cast<char>(prng.below(256));
      return message;
    case 3:
      return message.replace(at, std::min<size_t>(message.size() - at, piece.size()), piece);
    default: {
      const std::string& other = cases[prng.below(cases.size())].message;
      return message.substr(0, at) + other.substr(prng.below(other.size() + 1));
    }
  }
}

// Where both take a message, they take it for the same; and we take nothing that llhttp refuses,
// but for known reasons.
TEST(Llhttp, NeverReadsAMutatedMessageDifferently) {
  const std::vector<Case> cases = all_cases();
  const char* seed = std::getenv("WARMGATE_SEED");
  Prng prng(seed != nullptr ? std::stoull(seed) : 1);
  int taken = 0;
  for (int i = 0; i < 400'000; ++i) {
    const Case& c = cases[prng.below(cases.size())];
    if (c.message.size() > 1000) continue;
    std::string message = c.message;
    for (uint64_t times = 1 + prng.below(3); times > 0; --times) {
      message = mutate(std::move(message), cases, prng);
    }
    const Comparison found = compare_with_llhttp(c.reading, message);
    taken += found.opinion == Opinion::same;
    ASSERT_NE(found.opinion, Opinion::differs) << c.name << ": " << found.detail << "\n" << message;
    ASSERT_TRUE(found.opinion != Opinion::it_refuses || may_refuse(found))
        << c.name << ": " << found.detail << "\n"
        << message;
  }
  EXPECT_GT(taken, 60'000);
}

}  // namespace
}  // namespace warmgate::test
