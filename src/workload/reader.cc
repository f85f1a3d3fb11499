#include "workload/reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "workload/log_entry.h"
#include "workload/log_lines.h"

namespace warmgate::workload {
namespace {

using OpenStream = std::function<Result<std::unique_ptr<std::istream>>()>;

constexpr Duration kLeastService = 1us;

constexpr std::array<std::pair<Format, std::string_view>, 4> kNames = {
    {{Format::csv, "csv"},
     {Format::access_log, "access-log"},
     {Format::cloud, "cloud-logging"},
     {Format::nginx, "nginx"}}};

Duration service_from(double seconds) {
  return std::max(kLeastService, from_seconds(seconds));
}

// Told by the first line with something in it.
Format detect(std::istream& in) {
  LineReader lines(in);
  while (lines.next()) {
    const std::string_view line = trim(lines.line());
    if (line.empty()) continue;
    if (line.front() == '[') return Format::cloud;
    if (line.front() == '{') {
      const auto is_own = line.find("\"queuedMs\"") != std::string_view::npos &&
                          line.find("\"jsonPayload\"") == std::string_view::npos;
      return is_own ? Format::access_log : Format::cloud;
    }
    return parse_nginx_log(line) ? Format::nginx : Format::csv;
  }
  return Format::csv;
}

Error no_service_time(const std::string& what) {
  return Error{what +
               " does not say how long its requests take: give --service-time, for example "
               "200ms, p50=200ms,p99=1s or column:generated_tokens*0.02"};
}

Error too_many(const ReadOptions& options) {
  return Error{"the trace has more than " + std::to_string(options.max_requests) +
               " requests: take a part of it"};
}

Result<Recorded> read_csv(const OpenStream& open, const ReadOptions& options) {
  const CsvOptions csv{.only_times = false, .service = options.service_columns};
  auto in = open();
  if (!in) return in.error();
  auto summary = inspect_trace(**in, options.cut, csv);
  if (!summary) return summary.error();
  if (summary->has_service && options.service) {
    return Error{
        "the trace has a column service_s, and --service-time gives another time: leave "
        "one of the two out"};
  }
  if (!summary->has_service && !options.service) return no_service_time("the trace");
  if (summary->requests > options.max_requests) return too_many(options);
  auto again = open();
  if (!again) return again.error();
  CsvTrace trace(std::move(*again), *summary, options.cut, options.spacing, options.seed, csv);
  Prng prng(options.seed ^ 0x5e41ce);
  Recorded recorded{.format = Format::csv, .bad_rows = summary->bad_rows};
  recorded.workload.reserve(summary->requests);
  while (const auto at = trace.next()) {
    const CsvRow& row = trace.row();
    recorded.workload.push_back(
        {.at = *at,
         .service = options.service ? options.service->next(prng) : service_from(*row.service_s),
         .bytes = row.bytes,
         .low_priority = row.low_priority,
         .heavy = row.heavy});
  }
  return recorded;
}

struct Log {
  std::vector<LogEntry> entries;
  BadRows bad_rows;
};

Result<Log> read_entries(std::istream& in, Format format, const ReadOptions& options) {
  Log log;
  LogLines lines(in);
  while (lines.next()) {
    if (log.entries.size() == options.max_requests) return too_many(options);
    if (lines.cut()) {
      log.bad_rows.add(lines.number(), "the entry is longer than 64 KiB");
      continue;
    }
    auto entry =
        format == Format::nginx ? parse_nginx_log(lines.text()) : parse_json_log(lines.text());
    if (entry) {
      log.entries.push_back(*entry);
    } else {
      log.bad_rows.add(lines.number(), entry.error().message);
    }
  }
  if (!log.entries.empty()) return log;
  if (log.bad_rows.count() == 0) return Error{"the log is empty: record some traffic first"};
  return Error{"no line of the log can be used; " + log.bad_rows.first().front()};
}

// Requests that share a second are spread over it, in the order of the log.
void spread_seconds(std::vector<LogEntry>& entries, const ReadOptions& options) {
  Prng prng(options.seed);
  for (LogEntry& entry : entries) {
    if (entry.resolution_s == 0) continue;
    const double share = options.spacing == Spacing::even ? 0.5 : prng.uniform();
    entry.arrived += share * entry.resolution_s;
  }
}

Result<Recorded> read_log(const OpenStream& open, Format format, const ReadOptions& options) {
  if (options.service_columns) {
    return Error{
        "a log has no columns to map: give --service-time as a time, or leave it out to "
        "take the times of the log"};
  }
  auto in = open();
  if (!in) return in.error();
  auto log = read_entries(**in, format, options);
  if (!log) return log.error();
  spread_seconds(log->entries, options);
  std::stable_sort(log->entries.begin(), log->entries.end(),
                   [](const LogEntry& a, const LogEntry& b) { return a.arrived < b.arrived; });
  const double span = log->entries.back().arrived - log->entries.front().arrived;
  if (span / options.cut.speed > kLongestTraceSeconds) {
    return Error{"the log spans more than a year: take a part of it, and look for a wrong date"};
  }
  std::vector<double> known;
  for (const LogEntry& entry : log->entries) {
    if (entry.service_s) known.push_back(*entry.service_s);
  }
  if (known.empty() && !options.service) return no_service_time("the log");

  Prng prng(options.seed ^ 0x5e41ce);
  Recorded recorded{.format = format, .bad_rows = log->bad_rows};
  const double first = log->entries.front().arrived + options.cut.from.value_or(0);
  for (const LogEntry& entry : log->entries) {
    const double at = entry.arrived - first;
    const bool past = options.cut.to && at + options.cut.from.value_or(0) >= *options.cut.to;
    if (at < 0 || past) continue;
    Request request{.at = from_seconds(at / options.cut.speed), .bytes = entry.bytes};
    if (options.service) {
      request.service = options.service->next(prng);
    } else {
      recorded.filled_in += entry.service_s ? 0 : 1;
      request.service =
          service_from(entry.service_s ? *entry.service_s : known[prng.below(known.size())]);
    }
    recorded.workload.push_back(request);
  }
  if (recorded.workload.empty()) return Error{"the log has no request in this part: widen it"};
  return recorded;
}

Result<Recorded> read(const OpenStream& open, const ReadOptions& options) {
  auto in = open();
  if (!in) return in.error();
  const Format format = options.format ? *options.format : detect(**in);
  in->reset();
  return format == Format::csv ? read_csv(open, options) : read_log(open, format, options);
}

}  // namespace

std::string_view name(Format format) {
  for (const auto& [kind, text] : kNames) {
    if (kind == format) return text;
  }
  return "";
}

std::optional<Format> parse_format(std::string_view text) {
  for (const auto& [kind, known] : kNames) {
    if (known == text) return kind;
  }
  return std::nullopt;
}

Result<Recorded> read_workload(const std::string& path, const ReadOptions& options) {
  const auto open = [&path]() -> Result<std::unique_ptr<std::istream>> {
    errno = 0;
    auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
    const bool failed = !*file || (file->peek() == std::char_traits<char>::eof() && errno != 0);
    if (failed) {
      return Error{std::string("it cannot be read: ") +
                   (errno != 0 ? std::strerror(errno) : "it is not a file")};
    }
    file->clear();
    return std::unique_ptr<std::istream>(std::move(file));
  };
  auto recorded = read(open, options);
  if (!recorded) return Error{path + ": " + recorded.error().message};
  return recorded;
}

Result<Recorded> read_workload_text(std::string text, const ReadOptions& options) {
  const auto open = [&text]() -> Result<std::unique_ptr<std::istream>> {
    return std::unique_ptr<std::istream>(std::make_unique<std::istringstream>(text));
  };
  return read(open, options);
}

}  // namespace warmgate::workload
