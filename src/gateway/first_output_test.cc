#include "gateway/first_output.h"

#include <gtest/gtest.h>

#include <string>

#include "http/sse.h"

namespace warmgate::gateway {
namespace {

std::string chunk(const std::string& choice) {
  return R"({"id":"c1","object":"chat.completion.chunk","model":"m","choices":[)" + choice + "]}";
}

TEST(FirstOutput, AMessageWithoutTextIsAnAnnouncement) {
  for (const std::string choice : {
           R"({"index":0,"delta":{"role":"assistant"}})",
           R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})",
           R"({"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[]}})",
           R"({"index":0,"delta":{},"logprobs":null})",
           R"({"index":0,"delta":{"content":"","reasoning_content":null}})",
           R"({"index":0,"text":"","finish_reason":null})",
           R"({"index":0,"delta":{"role":"assistant"}},{"index":1,"delta":{"role":"assistant"}})",
           "",
       }) {
    EXPECT_FALSE(is_real_output(chunk(choice))) << choice;
  }
}

TEST(FirstOutput, AnyWordIsOutput) {
  for (const std::string choice : {
           R"({"index":0,"delta":{"role":"assistant","content":"H"}})",
           R"({"index":0,"delta":{"content":" "}})",
           R"({"index":0,"delta":{"reasoning_content":"hm"}})",
           R"({"index":0,"delta":{"tool_calls":[{"index":0}]}})",
           R"({"index":0,"delta":{},"finish_reason":"stop"})",
           R"({"index":0,"text":"x"})",
           R"({"index":0,"delta":{"role":"assistant"}},{"index":1,"delta":{"content":"a"}})",
           R"({"index":0,"message":{}})",
           R"({"index":0,"delta":{"n":0}})",
           R"("text")",
       }) {
    EXPECT_TRUE(is_real_output(chunk(choice))) << choice;
  }
}

TEST(FirstOutput, TypedEvents) {
  EXPECT_FALSE(is_real_output(R"({"type":"ping"})"));
  EXPECT_FALSE(is_real_output(R"({"type":"message_start","message":{"content":[]}})"));
  EXPECT_FALSE(is_real_output(R"({"type":"response.created","response":{}})"));
  EXPECT_TRUE(is_real_output(R"({"type":"content_block_delta","delta":{"text":"Hi"}})"));
  EXPECT_TRUE(is_real_output(R"({"type":"response.output_text.delta","delta":"Hi"})"));
  EXPECT_TRUE(is_real_output(R"({"type":"error"})"));
}

TEST(FirstOutput, WhatIsNotUnderstoodIsOutput) {
  EXPECT_TRUE(is_real_output("{"));
  EXPECT_TRUE(is_real_output("{}"));
  EXPECT_TRUE(is_real_output(R"({"token":""})"));
  EXPECT_TRUE(is_real_output(R"({"choices":7})"));
  EXPECT_TRUE(is_real_output(R"({"choices":[],"error":{"message":"no"}})"));
  EXPECT_TRUE(is_real_output(std::string(3000, '{')));
}

// The scanner and the judge together, over a stream as chat servers send it.
TEST(FirstOutput, TheFirstWordOfAChat) {
  const std::string before = ": hello\n\nevent: message\ndata: " +
                             chunk(R"({"index":0,"delta":{"role":"assistant","content":""}})") +
                             "\n\n: ping\n\n";
  const std::string word = "data: " + chunk(R"({"index":0,"delta":{"content":"Hi"}})") + "\n";
  for (size_t at = 0; at <= before.size(); ++at) {
    http::FirstEventScanner scanner(is_real_output);
    EXPECT_FALSE(scanner.feed(before.substr(0, at)));
    EXPECT_FALSE(scanner.feed(before.substr(at)));
    EXPECT_FALSE(scanner.feed(word)) << "the event is not complete";
    EXPECT_TRUE(scanner.feed("\n"));
  }
}

}  // namespace
}  // namespace warmgate::gateway
