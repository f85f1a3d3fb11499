#include "serverless/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warmgate::serverless {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Launch, PortIsSubstitutedAsAWholeName) {
  EXPECT_EQ(substitute_port("$PORT", 8123), "8123");
  EXPECT_EQ(substitute_port("--listen=:${PORT}/x", 8123), "--listen=:8123/x");
  EXPECT_EQ(substitute_port("127.0.0.1:$PORT,$PORT", 80), "127.0.0.1:80,80");
  EXPECT_EQ(substitute_port("$PORTAL $PORT_2 PORT $", 80), "$PORTAL $PORT_2 PORT $");
}

TEST(Launch, ContractVariablesReplaceInheritedOnes) {
  Launch launch = make_launch("/bin/sh", {"$PORT", "-p", "$PORT"},
                              {"PATH=/bin", "PORT=1", "PORTAL=2", "K_SERVICE=old"},
                              {"svc", "svc-1"}, "svc-a-1", 9);
  EXPECT_THAT(launch.arguments, ElementsAre("$PORT", "-p", "9"));
  EXPECT_THAT(launch.environment,
              ElementsAre("PATH=/bin", "PORTAL=2", "PORT=9", "K_SERVICE=svc", "K_REVISION=svc-1",
                          "K_CONFIGURATION=svc", "WARMGATE_INSTANCE=svc-a-1"));
}

TEST(Launch, ProgramsAreFoundAsAShellWould) {
  EXPECT_EQ(find_program("sh", "/nowhere::/bin").value(), "/bin/sh");
  EXPECT_EQ(find_program("/bin/sh", "").value(), "/bin/sh");
  EXPECT_THAT(find_program("no-such-program", "/bin").error().message, HasSubstr("PATH"));
  EXPECT_THAT(find_program("/etc/passwd", "").error().message, HasSubstr("not executable"));
  EXPECT_THAT(find_program("/etc", "").error().message, HasSubstr("no program"));
}

}  // namespace
}  // namespace warmgate::serverless
