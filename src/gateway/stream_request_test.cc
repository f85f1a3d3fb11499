#include "gateway/stream_request.h"

#include <gtest/gtest.h>

#include <string>

namespace warmgate::gateway {
namespace {

bool accepts(std::string_view value) {
  http::Fields fields;
  fields.push({"accept", value, http::FieldName::accept});
  return accepts_event_stream(fields);
}

TEST(StreamRequest, Accept) {
  EXPECT_TRUE(accepts("text/event-stream"));
  EXPECT_TRUE(accepts("application/json, Text/Event-Stream;q=0.9"));
  EXPECT_FALSE(accepts("*/*"));
  EXPECT_FALSE(accepts("text/*"));
  EXPECT_FALSE(accepts("text/event-streams"));
  EXPECT_FALSE(accepts(""));
  EXPECT_FALSE(accepts_event_stream(http::Fields()));
}

TEST(StreamRequest, BodyWithTheMember) {
  EXPECT_TRUE(body_asks_for_stream(R"({"stream":true})"));
  EXPECT_TRUE(
      body_asks_for_stream(R"({"a":{"stream":false},"b":[1,{"c":null}], "stream" : true})"));
  EXPECT_TRUE(body_asks_for_stream(R"({"stream":true, and what follows is not read)"));
}

TEST(StreamRequest, BodyWithoutIt) {
  for (const std::string body :
       {"", "{}", R"({"stream":false})", R"({"stream":"true"})", R"({"stream":1})",
        R"({"stream":null,"x":true})", R"({"stream":[true]})", R"({"stream":{"stream":true}})",
        R"({"options":{"stream":true}})", R"([{"stream":true}])", R"([true])", "true",
        R"("stream")", R"({"a":1)", R"({"a":tru)", "\xff\xfe", R"({"Stream":true})"}) {
    EXPECT_FALSE(body_asks_for_stream(body)) << body;
  }
  EXPECT_FALSE(body_asks_for_stream(std::string(100'000, '[')));
}

}  // namespace
}  // namespace warmgate::gateway
