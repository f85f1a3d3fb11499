#include "demo/ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "net/epoll_loop.h"

namespace warmgate::demo {
namespace {

TEST(Ports, TakesOthersForThoseInUseAndSaysSo) {
  net::EpollLoop loop;
  // Held by us, or by whoever else holds it on this machine: in use either way.
  const auto holder = loop.listen(local(9000), [](auto) {});
  std::ostringstream said;
  const auto ports = choose_ports(loop, said);
  ASSERT_TRUE(ports.ok());
  EXPECT_NE(ports->serverless, 9000);
  EXPECT_THAT(said.str(), ::testing::HasSubstr("port 9000 is in use: warmgate serverless takes " +
                                               std::to_string(ports->serverless)));
  const std::set<uint16_t> all = {ports->gateway, ports->admin, ports->serverless,
                                  ports->serverless_status, ports->always_on};
  EXPECT_EQ(all.size(), 5u);
  EXPECT_EQ(local_url(8080), "http://127.0.0.1:8080");
}

}  // namespace
}  // namespace warmgate::demo
