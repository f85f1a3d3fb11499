#include "demo/child.h"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace warmgate::demo {
namespace {

std::vector<std::string> inherited_environment() {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    result.emplace_back(*entry);
  }
  return result;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(net::EpollLoop& loop, std::string name,
                                            std::vector<std::string> command,
                                            std::function<void()> on_exit) {
  std::unique_ptr<Child> child(new Child(std::move(name), std::move(on_exit)));
  serverless::Launch launch{command.front(), command, inherited_environment()};
  serverless::Process::Callbacks callbacks;
  callbacks.on_exit = [self = child.get()](int wait_status) {
    self->running_ = false;
    self->end_ = serverless::describe_exit(wait_status);
    self->on_exit_();
  };
  callbacks.on_line = [self = child.get()](std::string_view line, bool) {
    self->lines_.emplace_back(line);
    if (self->lines_.size() > kKeptLines) self->lines_.pop_front();
  };
  auto process = serverless::Process::start(loop, launch, std::move(callbacks));
  if (!process) return process.error();
  child->process_ = std::move(*process);
  return child;
}

void Child::terminate() {
  process_->signal_group(SIGTERM);
}

std::string Child::describe_end() const {
  std::string text = name_ + " " + (running_ ? "does not become ready" : end_);
  if (lines_.empty()) return text;
  text += "; it said last:";
  for (const std::string& line : lines_) text += "\n    " + line;
  return text;
}

}  // namespace warmgate::demo
