// What the kernel says of this process, for the process_* metrics.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace warmgate::admin {

struct ProcessStats {
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  double cpu_s = 0;  // user and system, all threads
  uint64_t threads = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;     // 0: no limit
  double start_time_s = 0;  // since 1970; 0: not known
};

// Units of /proc/self/stat.
struct KernelUnits {
  double ticks_per_s = 100;
  uint64_t page_bytes = 4096;
};

// Reads the text of /proc/self/stat. The start time is the one since boot.
Result<ProcessStats> parse_process_stat(std::string_view text, const KernelUnits& units);

// Fields that cannot be read stay 0: a metric less is no reason to fail.
ProcessStats read_process_stats();

}  // namespace warmgate::admin
