#include "config/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::config {
namespace {

using testing::HasSubstr;

TEST(BackendUrl, TakesItApart) {
  Result<Backend> backend = parse_backend_url("http://vm-1.example:8081/models/a/");
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_EQ(backend->scheme, Scheme::http);
  EXPECT_EQ(backend->host, "vm-1.example");
  EXPECT_EQ(backend->port, 8081);
  EXPECT_EQ(backend->base_path, "/models/a");
  EXPECT_EQ(backend->host_header, "vm-1.example:8081");
  EXPECT_EQ(backend->url, "http://vm-1.example:8081/models/a/");
}

TEST(BackendUrl, KnowsDefaultPortsAndIpv6) {
  EXPECT_EQ(parse_backend_url("http://a")->port, 80);
  EXPECT_EQ(parse_backend_url("HTTPS://a/")->port, 443);
  EXPECT_EQ(parse_backend_url("https://a:8443")->port, 8443);
  EXPECT_EQ(parse_backend_url("https://a:8443")->scheme, Scheme::https);
  EXPECT_EQ(parse_backend_url("HTTPS://a/")->base_path, "");
  EXPECT_EQ(parse_backend_url("http://[::1]:9000")->host, "::1");
  EXPECT_EQ(parse_backend_url("http://[::1]:9000")->host_header, "[::1]:9000");
}

TEST(BackendUrl, ReadsAnAddressToItsEnd) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse_backend_url("http://[::1\0x]"sv));
}

TEST(BackendUrl, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"localhost:8080", "write http://"}, {"ftp://a", "write http://"},
      {"http://", "has no host"},          {"http://:80", "has no host"},
      {"http://user:pw@a", "password"},    {"http://a:0", "port 0"},
      {"http://a:70000", "is no port"},    {"http://a:", "is no port"},
      {"http://a?x=1", "is no path"},      {"http://a/b c", "is no path"},
      {"http://a b", "no host name"},      {"http://::1", "needs brackets"},
      {"http://[::g]:1", "IPv6"},          {"http://[::1]9", "is no port"},
      {"http://-a", "no host name"},       {"http://a..b", "no host name"},
  };
  for (const auto& [url, message] : cases) {
    Result<Backend> backend = parse_backend_url(url);
    ASSERT_FALSE(backend) << url;
    EXPECT_THAT(backend.error().message, HasSubstr(message)) << url;
  }
}

TEST(Listen, ReadsWhatItFormats) {
  for (const char* text : {":8080", "127.0.0.1:9901", "[::1]:80", "localhost:0", "https://:8443"}) {
    Result<ListenAddress> address = parse_listen(text);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(format_listen(*address), text);
  }
}

TEST(Listen, SaysWhatIsWrong) {
  EXPECT_THAT(parse_listen("8080").error().message, HasSubstr("\":8080\""));
  EXPECT_THAT(parse_listen("localhost").error().message, HasSubstr("no port"));
  EXPECT_THAT(parse_listen("::1:80").error().message, HasSubstr("brackets"));
  EXPECT_THAT(parse_listen("*:80").error().message, HasSubstr("no host name"));
  EXPECT_THAT(parse_listen("ftp://:80").error().message, HasSubstr("neither http://"));
  EXPECT_FALSE(parse_listen(""));
}

TEST(Listen, OverlapsOnTheSamePort) {
  EXPECT_TRUE(overlap({"", 80}, {"127.0.0.1", 80}));
  EXPECT_TRUE(overlap({"::1", 80}, {"::1", 80}));
  EXPECT_FALSE(overlap({"", 80}, {"", 81}));
  EXPECT_FALSE(overlap({"127.0.0.1", 80}, {"127.0.0.2", 80}));
  EXPECT_FALSE(overlap({"", 0}, {"", 0})) << "port 0 is a different one each time";
}

}  // namespace
}  // namespace warmgate::config
