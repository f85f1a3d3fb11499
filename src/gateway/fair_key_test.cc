#include "gateway/fair_key.h"

#include <gtest/gtest.h>

namespace warmgate::gateway {
namespace {

using config::FairBy;

constexpr HashKey kSecret{11, 12};

http::RequestHead head_with(std::string_view name, std::string_view value) {
  http::RequestHead head;
  head.fields.push({name, value, http::classify(name)});
  return head;
}

TEST(FairKey, is_nothing_unless_asked_for) {
  const http::RequestHead head = head_with("authorization", "Bearer a");
  EXPECT_EQ(fair_key({}, kSecret, head, "192.0.2.1"), 0u);
}

TEST(FairKey, tells_the_values_of_a_field_apart_by_a_secret) {
  const config::FairKey by{FairBy::header, "x-api-key"};
  const auto key = [&](std::string_view name, std::string_view value, HashKey secret = kSecret) {
    return fair_key(by, secret, head_with(name, value), "192.0.2.1");
  };
  EXPECT_NE(key("x-api-key", "a"), 0u);
  EXPECT_EQ(key("x-api-key", "a"), key("X-Api-Key", "a"));
  EXPECT_NE(key("x-api-key", "a"), key("x-api-key", "b"));
  EXPECT_NE(key("x-api-key", "a"), key("x-api-key", "a", {13, 14}));
  EXPECT_EQ(key("x-other", "a"), 0u);
}

TEST(FairKey, knows_clients_by_their_address_or_network) {
  const config::FairKey by{FairBy::client};
  const auto key = [&](std::string_view ip) { return fair_key(by, kSecret, {}, ip); };
  EXPECT_EQ(key("192.0.2.1"), key("192.0.2.1"));
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
  EXPECT_EQ(key("2001:db8::1"), key("2001:db8::ffff:2"));
  EXPECT_NE(key("2001:db8::1"), key("2001:db8:0:1::1"));
}

}  // namespace
}  // namespace warmgate::gateway
