// `warmgate load` as a function.
#pragma once

#include <ostream>

#include "load/options.h"

namespace warmgate::load {

inline constexpr int kExitBadUsage = 64;      // nothing was sent; as in sysexits.h
inline constexpr int kExitFoundErrors = 1;    // with fail_on_error: errors or wrong answers
inline constexpr int kExitCannotReport = 74;  // a file of figures could not be written to its end

// Runs until all requests have ended, or SIGINT or SIGTERM, which are blocked for the calling
// thread: sending stops, what is open has a few seconds, and the table is printed all the same.
// `out` gets the progress and the table, `errors` what is wrong with the options.
int run(const LoadOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace warmgate::load
