// `warmgate serverless` as a function: runs until SIGTERM or SIGINT; a second one kills.
#pragma once

#include <string>

#include "serverless/options.h"

namespace warmgate::serverless {

// Exit statuses, beside 0: as in sysexits.h, and as shells say that a command is not there.
inline constexpr int kExitBadOption = 64;
inline constexpr int kExitCannotListen = 69;  // the port is in use, say
inline constexpr int kExitNoSuchCommand = 127;

struct Outcome {
  int exit_status = 0;
  std::string problem;  // one sentence; empty after an ordinary end
};

// Blocks SIGTERM and SIGINT for the calling thread, which must be the main thread.
Outcome run(const ServerlessOptions& options);

}  // namespace warmgate::serverless
