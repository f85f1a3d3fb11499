#include "admin/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace warmgate::admin {
namespace {

// Numbers of the fields, as proc(5) counts them.
enum StatField : size_t {
  kUserTime = 14,
  kSystemTime = 15,
  kThreads = 20,
  kStartTime = 22,
  kVirtualBytes = 23,
  kResidentPages = 24,
};
constexpr size_t kFirstBehindName = 3;

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

uint64_t to_number(std::string_view word) {
  uint64_t value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

std::string read_text(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// When the kernel booted, in seconds since 1970; 0 when it does not say.
double boot_time() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("btime ")) return static_cast<double>(to_number(line.substr(6)));
  }
  return 0;
}

uint64_t count_open_fds() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  uint64_t count = 0;
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // one of them is this look
}

}  // namespace

Result<ProcessStats> parse_process_stat(std::string_view text, const KernelUnits& units) {
  // The program's name stands in parentheses and may contain anything, also parentheses.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return Error{"the process status has no program name"};
  const auto words = split(text.substr(name_end + 1));
  if (words.size() <= kResidentPages - kFirstBehindName) {
    return Error{"the process status is cut off"};
  }
  const auto field = [&words](StatField number) {
    return to_number(words[number - kFirstBehindName]);
  };
  ProcessStats stats;
  stats.cpu_s = static_cast<double>(field(kUserTime) + field(kSystemTime)) / units.ticks_per_s;
  stats.threads = field(kThreads);
  stats.start_time_s = static_cast<double>(field(kStartTime)) / units.ticks_per_s;
  stats.virtual_bytes = field(kVirtualBytes);
  stats.resident_bytes = field(kResidentPages) * units.page_bytes;
  return stats;
}

ProcessStats read_process_stats() {
  KernelUnits units;
  units.ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  units.page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const auto parsed = parse_process_stat(read_text("/proc/self/stat"), units);
  ProcessStats stats = parsed ? *parsed : ProcessStats{};
  static const double booted = boot_time();
  stats.start_time_s = parsed && booted > 0 ? booted + stats.start_time_s : 0;
  stats.open_fds = count_open_fds();
  rlimit limit{};
  const bool limited = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  stats.max_fds = limited ? limit.rlim_cur : 0;
  return stats;
}

}  // namespace warmgate::admin
