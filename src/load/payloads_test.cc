#include "load/payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "load/answer_check.h"

namespace warmgate::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

Result<std::vector<Payload>> read(const std::string& text) {
  std::istringstream in(text);
  return read_payloads(in);
}

TEST(Payloads, ReadsBodiesAndExpectations) {
  const auto payloads = read(
      "{\"body\": {\"b\": 1, \"a\": [2]}, \"labels\": [3, 1], \"answers\": [3, 7]}\n\n"
      "{\"body\": \"as it stands\", \"labels\": [5]}\r\n{\"body\": {}}");
  ASSERT_TRUE(payloads.ok());
  ASSERT_EQ(payloads->size(), 3u);
  EXPECT_EQ((*payloads)[0].body, "{\"b\":1,\"a\":[2]}");
  EXPECT_THAT((*payloads)[0].expected(), ElementsAre(3, 7));
  EXPECT_EQ((*payloads)[1].body, "as it stands");
  EXPECT_THAT((*payloads)[1].expected(), ElementsAre(5));
  EXPECT_TRUE((*payloads)[2].expected().empty());
}

TEST(Payloads, NameTheLineThatIsWrong) {
  for (const char* bad :
       {"{", "[]", "{\"labels\":[1]}", "{\"body\":1,\"labels\":3}", "{\"body\":1,\"labels\":[0.5]}",
        "{\"body\":1,\"labels\":[1],\"answers\":[1,2]}"}) {
    const auto payloads = read(std::string("{\"body\":{}}\n") + bad + "\n");
    ASSERT_FALSE(payloads.ok()) << bad;
    EXPECT_THAT(payloads.error().message, HasSubstr("line 2"));
  }
  EXPECT_THAT(read("\n").error().message, HasSubstr("there are no payloads"));
}

TEST(Payloads, TakesARawBodyAsItIs) {
  std::istringstream in(std::string("a\0b\r\n", 5));
  EXPECT_EQ((*read_raw_body(in))[0].body, std::string("a\0b\r\n", 5));
}

TEST(AnswerCheck, TakesTheLargestOfEachRow) {
  const std::string answer = R"({"outputs":[{"shape":[2,3],"data":[0.1,0.8,0.1,-1,-3,-0.5]}]})";
  EXPECT_THAT(classes_of(answer, 2), Optional(ElementsAre(1, 2)));
}

TEST(AnswerCheck, TakesLabelsAsTheyAre) {
  EXPECT_THAT(classes_of(R"({"outputs":[{"data":[4,7.0]}]})", 2), Optional(ElementsAre(4, 7)));
}

TEST(AnswerCheck, DoesNotUnderstandOtherAnswers) {
  for (const char* answer :
       {"", "null", "[]", "{\"error\":\"x\"}", R"({"outputs":[]})", R"({"outputs":[{"data":[]}]})",
        R"({"outputs":[{"data":"x"}]})", R"({"outputs":[{"data":[1,null]}]})", R"({"outputs":7})",
        R"({"outputs":[{"data":[1,2,3]}]})"}) {
    EXPECT_EQ(classes_of(answer, 2), std::nullopt) << answer;
  }
}

TEST(AnswerCheck, TellsABrokenServerFromAModelThatErrs) {
  const Payload payload{.body = "", .answers = {1, 2}, .labels = {1, 0}};
  const auto as_known = check_answer(R"({"outputs":[{"data":[1,2]}]})", payload);
  EXPECT_TRUE(as_known.right);
  EXPECT_EQ(as_known.rows, 2u);
  EXPECT_EQ(as_known.rows_true, 1u);
  EXPECT_FALSE(check_answer(R"({"outputs":[{"data":[1,0]}]})", payload).right);
  EXPECT_FALSE(check_answer("not JSON", payload).right);
  EXPECT_FALSE(check_answer("anything", Payload{}).checked);
}

}  // namespace
}  // namespace warmgate::load
