#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace warmgate::plan {

// Writes a file so that nobody ever sees a half of it: to a temporary file beside it, which then
// takes its name. The error names the path and what to do.
Status write_whole_file(const std::string& path, std::string_view text);

// Is the folder of that path there, and may a file be made in it? Asked before a long run.
Status check_writable(const std::string& path);

}  // namespace warmgate::plan
