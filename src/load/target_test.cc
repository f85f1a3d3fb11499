#include "load/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::load {
namespace {

using ::testing::HasSubstr;

TEST(Target, SplitsAUrl) {
  const auto target = parse_target("http://model.example:8081/v2/infer?verbose=1");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->host, "model.example");
  EXPECT_EQ(target->port, 8081);
  EXPECT_EQ(target->authority, "model.example:8081");
  EXPECT_EQ(target->path, "/v2/infer?verbose=1");
  EXPECT_EQ(target->url(), "http://model.example:8081/v2/infer?verbose=1");
}

TEST(Target, HasDefaults) {
  EXPECT_EQ(parse_target("HTTP://localhost")->port, 80);
  EXPECT_EQ(parse_target("https://localhost")->port, 443);
  EXPECT_TRUE(parse_target("HTTPS://localhost:8443")->https);
  EXPECT_EQ(parse_target("https://localhost:8443/a")->url(), "https://localhost:8443/a");
  EXPECT_EQ(parse_target("http://localhost")->path, "/");
  EXPECT_EQ(parse_target("http://localhost?a=b")->path, "/?a=b");
  EXPECT_EQ(parse_target("http://[::1]:9000/x")->host, "::1");
  EXPECT_EQ(parse_target("http://[::1]:9000/x")->port, 9000);
}

TEST(Target, SaysWhatIsWrong) {
  const auto error = [](const char* url) { return parse_target(url).error().message; };
  EXPECT_THAT(error("localhost:8080"), HasSubstr("does not begin with http://"));
  EXPECT_THAT(error("ftp://localhost"), HasSubstr("does not begin with http://"));
  EXPECT_THAT(error("http://"), HasSubstr("no valid host"));
  EXPECT_THAT(error("http://a b/"), HasSubstr("no valid host"));
  EXPECT_THAT(error("http://a:99999/"), HasSubstr("no valid host"));
  EXPECT_THAT(error("http://a:0/"), HasSubstr("port 0"));
  EXPECT_THAT(error("http://user@a/"), HasSubstr("no valid host"));
  EXPECT_THAT(error("http://a/b c"), HasSubstr("must be encoded"));
  EXPECT_THAT(error("http://a/#top"), HasSubstr("must be encoded"));
}

}  // namespace
}  // namespace warmgate::load
