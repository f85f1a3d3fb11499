#include "serverless/command.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "serverless/runtime.h"

namespace warmgate::serverless {
namespace {

std::vector<std::string> inherited_environment() {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    result.emplace_back(*entry);
  }
  return result;
}

// In one call, so that lines of several programs on one terminal do not mix.
void print_line(std::string_view line, bool is_error) {
  std::string text(line);
  text += '\n';
  for (size_t done = 0; done < text.size();) {
    const ssize_t written =
        write(is_error ? STDERR_FILENO : STDOUT_FILENO, text.data() + done, text.size() - done);
    if (written <= 0) return;  // nobody listens: not the instance's fault
    done += static_cast<size_t>(written);
  }
}

}  // namespace

Outcome run(const ServerlessOptions& options) {
  if (Status status = validate(options); !status) {
    return {kExitBadOption, status.error().message};
  }
  const char* path = std::getenv("PATH");
  auto program = find_program(options.command.front(), path == nullptr ? "/usr/bin:/bin" : path);
  if (!program) return {kExitNoSuchCommand, program.error().message};

  std::signal(SIGPIPE, SIG_IGN);
  net::EpollLoop loop;
  Runtime::World world;
  world.environment = inherited_environment();
  world.print = print_line;
  world.on_ended = [&loop] { loop.stop(); };
  Runtime runtime(loop, options, *program, std::move(world));
  auto signals = loop.on_signals({SIGTERM, SIGINT}, [&runtime](int) { runtime.shut_down(); });
  if (Status status = runtime.listen(); !status) {
    return {kExitCannotListen, status.error().message};
  }
  loop.run();
  return {};
}

}  // namespace warmgate::serverless
