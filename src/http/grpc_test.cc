#include "http/grpc.h"

#include <gtest/gtest.h>

namespace warmgate::http {
namespace {

bool grpc(std::string_view type) {
  Fields fields;
  fields.push({"content-type", type, FieldName::content_type});
  EXPECT_FALSE(is_grpc(fields)) << "without te: trailers";
  fields.push({"te", "trailers", FieldName::te});
  return is_grpc(fields);
}

TEST(Grpc, ContentType) {
  EXPECT_TRUE(grpc("application/grpc"));
  EXPECT_TRUE(grpc("application/grpc+proto"));
  EXPECT_TRUE(grpc("Application/gRPC; charset=utf-8"));
  EXPECT_FALSE(grpc("application/grpc-web"));
  EXPECT_FALSE(grpc("application/json"));
  EXPECT_FALSE(is_grpc(Fields()));
}

TEST(Grpc, Timeout) {
  EXPECT_EQ(parse_grpc_timeout("1H"), 1h);
  EXPECT_EQ(parse_grpc_timeout("5M"), 5min);
  EXPECT_EQ(parse_grpc_timeout("30S"), 30s);
  EXPECT_EQ(parse_grpc_timeout("100m"), 100ms);
  EXPECT_EQ(parse_grpc_timeout("7u"), 7us);
  EXPECT_EQ(parse_grpc_timeout("12345678n"), 12345678ns);
  EXPECT_EQ(parse_grpc_timeout("99999999H"), kLongestGrpcTimeout) << "eleven thousand years";
  EXPECT_EQ(parse_grpc_timeout("0S"), 0s);
  for (const std::string_view wrong :
       {"", "S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", " 1S", "1 S", "1SS", "0x1S"}) {
    EXPECT_EQ(parse_grpc_timeout(wrong), std::nullopt) << wrong;
  }
}

TEST(Grpc, Status) {
  EXPECT_EQ(parse_grpc_status("0"), GrpcStatus::ok);
  EXPECT_EQ(parse_grpc_status("14"), GrpcStatus::unavailable);
  for (const std::string_view wrong : {"", "17", "-1", "x", "1x", "99999999999"}) {
    EXPECT_EQ(parse_grpc_status(wrong), GrpcStatus::unknown) << wrong;
  }
  const Field fields[] = {{"x", "1", {}}, {"Grpc-Status", "5", {}}};
  EXPECT_EQ(find_grpc_status(fields), GrpcStatus::not_found);
  EXPECT_EQ(find_grpc_status({fields, 1}), std::nullopt);
}

TEST(Grpc, StatusesAndTheirCounterparts) {
  EXPECT_EQ(grpc_status_of(429), GrpcStatus::resource_exhausted);
  EXPECT_EQ(grpc_status_of(503), GrpcStatus::unavailable);
  EXPECT_EQ(grpc_status_of(502), GrpcStatus::unavailable);
  EXPECT_EQ(grpc_status_of(504), GrpcStatus::deadline_exceeded);
  EXPECT_EQ(grpc_status_of(404), GrpcStatus::unimplemented);
  EXPECT_EQ(grpc_status_of(418), GrpcStatus::unknown);
  EXPECT_EQ(http_status_of(GrpcStatus::ok), 200);
  EXPECT_EQ(http_status_of(GrpcStatus::unavailable), 503);
  EXPECT_EQ(http_status_of(GrpcStatus::internal), 500);
  for (uint8_t code = 1; code <= static_cast<uint8_t>(GrpcStatus::unauthenticated); ++code) {
    EXPECT_GE(http_status_of(static_cast<GrpcStatus>(code)), 400) << int{code};
  }
}

TEST(Grpc, Message) {
  EXPECT_EQ(grpc_percent_encode("100% \xc3\xa9\n~"), "100%25 %C3%A9%0A~");
  EXPECT_EQ(grpc_message("abc"), std::string("\0\0\0\0\3abc", 8));
  const auto frame = read_grpc_frame(std::string("\1\0\1\0\2rest", 9));
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->compressed);
  EXPECT_EQ(frame->length, 0x10002u);
  EXPECT_EQ(read_grpc_frame("\0\0\0\0"), std::nullopt);
}

}  // namespace
}  // namespace warmgate::http
