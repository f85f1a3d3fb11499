// `warmgate demo` as a function.
#pragma once

#include <ostream>
#include <string>

#include "base/time.h"
#include "demo/plan.h"

namespace warmgate::demo {

inline constexpr int kExitBadUsage = 64;
inline constexpr int kExitCannotRun = 69;  // a program or a file is missing, or one failed
inline constexpr int kExitCannotReport = 74;
inline constexpr int kExitInterrupted = 130;

struct DemoOptions {
  Duration length = kDefaultLength;
  std::string json;       // a file
  std::string assets;     // the folder of the model; empty: search
  bool terminal = false;  // may the output be redrawn?
};

// Must be called on the main thread. SIGINT and SIGTERM end it, with all that it started.
int run(const DemoOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace warmgate::demo
