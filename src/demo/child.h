// Child: one program of the demo, with the end of what it said kept for the case that it fails.
//
// Life.    In a process group of its own; killed with it when this Child or this process ends.
// Thread.  As serverless::Process: the loop's thread, which is the main thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serverless/process.h"

namespace warmgate::demo {

class Child {
 public:
  static constexpr size_t kKeptLines = 12;

  // `command` is the program's path and its arguments; `on_exit` may not destroy the Child.
  static Result<std::unique_ptr<Child>> start(net::EpollLoop& loop, std::string name,
                                              std::vector<std::string> command,
                                              std::function<void()> on_exit);

  const std::string& name() const { return name_; }
  bool running() const { return running_; }
  void terminate();  // SIGTERM, to the whole group

  // "warmgate serve exited with status 69; it said last: ..."
  std::string describe_end() const;

 private:
  Child(std::string name, std::function<void()> on_exit)
      : name_(std::move(name)), on_exit_(std::move(on_exit)) {}

  const std::string name_;
  std::function<void()> on_exit_;
  bool running_ = true;
  std::string end_;
  std::deque<std::string> lines_;
  std::unique_ptr<serverless::Process> process_;
};

}  // namespace warmgate::demo
