#include "serverless/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace warmgate::serverless {
namespace {

using ::testing::HasSubstr;

TEST(Options, DefaultsAreThePlatforms) {
  ServerlessOptions options;
  options.command = {"true"};
  EXPECT_TRUE(validate(options).ok());
  EXPECT_EQ(options.pool.concurrency, 80u);
  EXPECT_EQ(options.pool.idle_limit, 15min);
  EXPECT_EQ(options.pool.start_limit, 4min);
  EXPECT_EQ(options.pool.request_limit, 300s);
  EXPECT_EQ(options.pool.stop_grace, 10s);
  EXPECT_EQ(options.max_request_bytes, 32u * 1024 * 1024);
}

TEST(Options, EachBrokenRuleNamesItsFlag) {
  const std::pair<const char*, std::function<void(ServerlessOptions&)>> cases[] = {
      {"'--'", [](auto& o) { o.command.clear(); }},
      {"--service", [](auto& o) { o.names.service = "a \"b\""; }},
      {"--startup-probe", [](auto& o) { o.startup_probe = "ready"; }},
      {"--probe-timeout", [](auto& o) { o.probe_timeout = 0s; }},
      {"--max-request-bytes", [](auto& o) { o.max_request_bytes = 0; }},
      {"--concurrency", [](auto& o) { o.pool.concurrency = 1001; }},
      {"--max-instances", [](auto& o) { o.pool.max_instances = 0; }},
      {"--min-instances", [](auto& o) { o.pool.min_instances = 11; }},
      {"--target-utilisation", [](auto& o) { o.pool.target_utilisation = 1.5; }},
      {"--scale-window", [](auto& o) { o.pool.scale_window = 0s; }},
      {"--idle-timeout-least", [](auto& o) { o.pool.idle_limit = 1s; }},
      {"--start-limit", [](auto& o) { o.pool.start_limit = 0s; }},
      {"--probe-period", [](auto& o) { o.pool.probe_period = 0s; }},
      {"--wait-factor", [](auto& o) { o.pool.wait_factor = -1; }},
      {"--request-timeout", [](auto& o) { o.pool.request_limit = 2h; }},
      {"--cpu", [](auto& o) { o.meter.vcpus = 0; }},
      {"--memory", [](auto& o) { o.meter.memory_gib = -1; }},
      {"--billing-granularity", [](auto& o) { o.meter.granularity = 0s; }},
  };
  for (const auto& [flag, spoil] : cases) {
    ServerlessOptions options;
    options.command = {"true"};
    spoil(options);
    const Status status = validate(options);
    ASSERT_FALSE(status.ok()) << flag;
    EXPECT_THAT(status.error().message, HasSubstr(flag));
  }
}

}  // namespace
}  // namespace warmgate::serverless
