#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace warmgate::workload {

// What one line of an access log says about a request.
struct LogEntry {
  double arrived = 0;                 // seconds since 1970
  double resolution_s = 0;            // of that time: 1 where the log has whole seconds, else 0
  std::optional<double> service_s{};  // how long the answer took, without warmgate's own queue
  uint32_t bytes = 0;                 // of the request's body, where the log has it
};

// warmgate's own access log (docs/operations.md) and exports of Cloud Logging: one JSON object with
// an `httpRequest`. `time` (warmgate) is the end of a request, `timestamp` (Cloud Run, load
// balancers) its begin; an entry whose jsonPayload has warmgate's queuedMs is warmgate's.
Result<LogEntry> parse_json_log(std::string_view text);

// nginx's combined format; $request_time is found where the format appends it, bare or as rt= or
// request_time=. Its times are whole seconds, of the end of a request.
Result<LogEntry> parse_nginx_log(std::string_view line);

// RFC 3339 in any offset, as seconds since 1970; nullopt when not understood.
std::optional<double> parse_rfc3339(std::string_view text);

}  // namespace warmgate::workload
