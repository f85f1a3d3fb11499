#include "http/problem.h"

#include <gtest/gtest.h>

#include <limits>

namespace warmgate::http {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(Problem, RendersItsMembersInOrder) {
  EXPECT_EQ(render_problem({.status = 503, .detail = "The pool \"a\" is cold."},
                           {{"reason", std::string_view("cold")},
                            {"retry_after_s", 2.5},
                            {"waiting", int64_t{17}},
                            {"doomed", true}}),
            "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
            "\"detail\":\"The pool \\\"a\\\" is cold.\",\"reason\":\"cold\",\"retry_after_s\":2.5,"
            "\"waiting\":17,\"doomed\":true}\n");
  EXPECT_EQ(render_problem({.status = 400, .type = "urn:x", .title = "Odd"}),
            "{\"type\":\"urn:x\",\"title\":\"Odd\",\"status\":400}\n");
  EXPECT_NE(render_problem({}, {{"x", std::numeric_limits<double>::infinity()}}).find(":null"),
            std::string::npos);
}

TEST(Problem, EscapesJsonStrings) {
  EXPECT_EQ(json("a\"b\\c/\r\n\t"), "\"a\\\"b\\\\c/\\r\\n\\t\"");
  EXPECT_EQ(json(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\\u007f\"");
  EXPECT_EQ(json("é€😀"), "\"é€😀\"");
}

TEST(Problem, ReplacesInvalidUtf8) {
  const std::string_view mark = "\xef\xbf\xbd";
  const auto marks = [mark](size_t count) {
    std::string out = "\"";
    for (size_t i = 0; i < count; ++i) out += mark;
    return out + "\"";
  };
  EXPECT_EQ(json("\xff"), marks(1));
  EXPECT_EQ(json("\xc3"), marks(1));              // cut off
  EXPECT_EQ(json("\xc0\xaf"), marks(2));          // overlong
  EXPECT_EQ(json("\xe0\x80\xaf"), marks(3));      // overlong
  EXPECT_EQ(json("\xed\xa0\x80"), marks(3));      // a surrogate
  EXPECT_EQ(json("\xf4\x90\x80\x80"), marks(4));  // beyond Unicode
}

}  // namespace
}  // namespace warmgate::http
