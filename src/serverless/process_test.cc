// Real processes: what the kernel does is part of what is tested.
#include "serverless/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <optional>

namespace warmgate::serverless {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProcessTest : public ::testing::Test {
 protected:
  Launch shell(const std::string& script) {
    return {"/bin/sh", {"sh", "-c", script}, {"PATH=/usr/bin:/bin", "GREETING=hello"}};
  }
  void start(const Launch& launch) {
    Process::Callbacks callbacks;
    callbacks.on_exit = [this](int status) {
      wait_status_ = status;
      process_.reset();
      loop_.stop();
    };
    callbacks.on_line = [this](std::string_view line, bool is_error) {
      lines_.push_back((is_error ? "err " : "out ") + std::string(line));
      if (line == "ready" && on_ready_) on_ready_();
    };
    auto result = Process::start(loop_, launch, std::move(callbacks));
    ASSERT_TRUE(result.ok()) << result.error().message;
    process_ = std::move(*result);
    limit_.arm_after(60s);
    loop_.run();
    ASSERT_TRUE(wait_status_) << "the process did not end in time";
  }

  // A zombie does not: whoever adopted it may take its time.
  static bool lives(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    return static_cast<bool>(file >> number >> name >> state) && state != "Z";
  }

  net::EpollLoop loop_;
  net::Timer limit_{loop_.timers(), [this] { loop_.stop(); }};
  std::unique_ptr<Process> process_;
  std::function<void()> on_ready_;
  std::vector<std::string> lines_;
  std::optional<int> wait_status_;
};

TEST_F(ProcessTest, OutputStatusAndEnvironment) {
  start(shell("echo $GREETING; sleep 0.1; echo oops >&2; exit 3"));
  EXPECT_THAT(lines_, ElementsAre("out hello", "err oops"));
  EXPECT_EQ(describe_exit(*wait_status_), "exited with status 3");
}

TEST_F(ProcessTest, SignalsReachTheGroup) {
  on_ready_ = [this] { process_->signal_group(SIGTERM); };
  start(shell("sleep 1000 & trap '' TERM; echo ready; wait; echo done; exit 5"));
  EXPECT_EQ(lines_.back(), "out done") << "the sleeper was ended too";
  EXPECT_EQ(WEXITSTATUS(*wait_status_), 5);
}

TEST_F(ProcessTest, LeftoversOfTheGroupAreKilled) {
  start(shell("sleep 1000 & echo $!; exit 0"));
  const pid_t leftover = std::stoi(lines_.at(0).substr(4));
  for (int i = 0; i < 1000 && lives(leftover); ++i) usleep(10'000);
  EXPECT_FALSE(lives(leftover));
}

TEST_F(ProcessTest, DestructionKills) {
  on_ready_ = [this] {
    loop_.post([this] {
      const pid_t pid = process_->pid();
      process_.reset();
      EXPECT_FALSE(lives(pid));
      wait_status_ = 0;
      loop_.stop();
    });
  };
  start(shell("trap '' TERM; echo ready; sleep 1000"));
}

TEST_F(ProcessTest, ProgramThatCannotBeExecutedIsAnError) {
  auto result = Process::start(loop_, {"/etc/passwd", {"passwd"}, {}}, {});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("cannot execute '/etc/passwd'"));
}

}  // namespace
}  // namespace warmgate::serverless
