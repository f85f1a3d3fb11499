#include "config/router.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace warmgate::config {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

class RouterTest : public testing::Test {
 protected:
  void add(std::string name, Match match) {
    Service service;
    service.name = std::move(name);
    service.match = std::move(match);
    config_.services.push_back(std::move(service));
  }

  std::string match(std::string_view host, std::string_view target, const Fields& fields = {}) {
    const Router router(config_);
    const HeaderLookup lookup = [&](std::string_view name) -> std::optional<std::string_view> {
      auto found = fields.find(name);
      if (found == fields.end()) return std::nullopt;
      return found->second;
    };
    const Service* service = router.match(host, target, lookup);
    return service == nullptr ? "none" : service->name;
  }

  Config config_;
};

TEST_F(RouterTest, ExactHostBeforeLongestSuffixBeforeAny) {
  add("any", {});
  add("wide", {.hosts = {"*.example"}, .paths = {}, .headers = {}});
  add("narrow", {.hosts = {"*.b.example"}, .paths = {}, .headers = {}});
  add("exact", {.hosts = {"a.b.example"}, .paths = {}, .headers = {}});
  EXPECT_EQ(match("a.b.example", "/"), "exact");
  EXPECT_EQ(match("A.B.Example.:8080", "/"), "exact");
  EXPECT_EQ(match("x.b.example", "/"), "narrow");
  EXPECT_EQ(match("x.y.b.example", "/"), "narrow");
  EXPECT_EQ(match("b.example", "/"), "wide");
  EXPECT_EQ(match("example", "/"), "any");
  EXPECT_EQ(match(".b.example", "/"), "wide") << "a suffix needs a label before it";
  EXPECT_EQ(match("", "/"), "any");
}

TEST_F(RouterTest, HostComesBeforePathAndPathBeforeHeaders) {
  add("host", {.hosts = {"a"}, .paths = {}, .headers = {}});
  add("path", {.hosts = {}, .paths = {"/v2/long"}, .headers = {}});
  add("shorter with header", {.hosts = {}, .paths = {"/v2"}, .headers = {{"x", "1"}}});
  EXPECT_EQ(match("a", "/v2/long", {{"x", "1"}}), "host");
  EXPECT_EQ(match("b", "/v2/long", {{"x", "1"}}), "path");
  EXPECT_EQ(match("b", "/v2", {{"x", "1"}}), "shorter with header");
  EXPECT_EQ(match("b", "/v2"), "none");
}

TEST_F(RouterTest, AllHeadersMustMatchAndMoreAreMoreSpecific) {
  add("one", {.hosts = {}, .paths = {}, .headers = {{"x", "1"}}});
  add("two", {.hosts = {}, .paths = {}, .headers = {{"x", "1"}, {"y", "2"}}});
  EXPECT_EQ(match("a", "/", {{"x", "1"}, {"y", "2"}}), "two");
  EXPECT_EQ(match("a", "/", {{"x", "1"}, {"y", "3"}}), "one");
  EXPECT_EQ(match("a", "/", {{"x", "11"}}), "none");
}

TEST_F(RouterTest, EqualsAreTakenInTheOrderOfTheFile) {
  add("first", {.hosts = {}, .paths = {}, .headers = {{"x", "1"}}});
  add("second", {.hosts = {}, .paths = {}, .headers = {{"y", "1"}}});
  EXPECT_EQ(match("a", "/", {{"x", "1"}, {"y", "1"}}), "first");
}

TEST_F(RouterTest, Ipv6HostsKeepTheirBrackets) {
  add("v6", {.hosts = {"[::1]"}, .paths = {}, .headers = {}});
  EXPECT_EQ(match("[::1]:8080", "/"), "v6");
  EXPECT_EQ(match("[::1]", "/"), "v6");
  EXPECT_EQ(match("[::2]", "/"), "none");
  EXPECT_EQ(match("[::1", "/"), "none");
}

TEST(PathMatches, EndsWhereASegmentEnds) {
  EXPECT_TRUE(path_matches("", "/anything"));
  EXPECT_TRUE(path_matches("/v2", "/v2"));
  EXPECT_TRUE(path_matches("/v2", "/v2/x"));
  EXPECT_TRUE(path_matches("/v2", "/v2?x"));
  EXPECT_FALSE(path_matches("/v2", "/v2x"));
  EXPECT_FALSE(path_matches("/v2", "/v"));
  EXPECT_TRUE(path_matches("/v2/", "/v2/x"));
  EXPECT_FALSE(path_matches("/v2/", "/v2"));
  EXPECT_TRUE(path_matches("/", "/x"));
}

TEST(PathMatches, ReadsBytesAsTheyAre) {
  EXPECT_FALSE(path_matches("/v2", "/%762"));
  EXPECT_FALSE(path_matches("/v2", "//v2"));
  EXPECT_FALSE(path_matches("/v2", "/V2"));
  EXPECT_FALSE(path_matches("/b", "/a/../b"));
  EXPECT_FALSE(path_matches("/a?b", "/a")) << "a query is no part of a path";
}

TEST(RouteTraits, TheLongestRuleDecidesAndInheritsWhatItLeavesOpen) {
  Service service;
  service.repeatable = false;
  service.priority = policy::Priority::low;
  service.routes.push_back(
      {.path = "/v2", .heavy = true, .repeatable = true, .gather_body = false, .priority = {}});
  service.routes.push_back(
      {.path = "/v2/small", .heavy = false, .repeatable = {}, .gather_body = {}, .priority = {}});
  EXPECT_FALSE(route_traits(service, "/other").repeatable);
  EXPECT_TRUE(route_traits(service, "/v2/x").heavy);
  EXPECT_TRUE(route_traits(service, "/v2/x").repeatable);
  EXPECT_EQ(route_traits(service, "/v2/x").priority, policy::Priority::low);
  EXPECT_FALSE(route_traits(service, "/v2/small/x").heavy);
  EXPECT_FALSE(route_traits(service, "/v2/small/x").repeatable);
  EXPECT_FALSE(route_traits(service, "/v2/x").gather_body);
  EXPECT_TRUE(route_traits(service, "/v2/small/x").gather_body);
}

}  // namespace
}  // namespace warmgate::config
