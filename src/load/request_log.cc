#include "load/request_log.h"

#include <cstdio>

namespace warmgate::load {
namespace {

std::string seconds(double value) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.6f", value);
  return text;
}

// RFC 4180: what a server says may hold anything.
std::string cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace

RequestLog::RequestLog(std::ostream& out) : out_(out) {
  out_ << "intended_s,latency_s,lag_s,ending,status,pool,reason,instance_age_s\n";
}

void RequestLog::add(const Outcome& outcome) {
  const bool sent = outcome.ending != Ending::not_sent;
  out_ << seconds(to_seconds(outcome.intended)) << ','
       << (sent ? seconds(to_seconds(outcome.latency)) : "") << ','
       << (sent ? seconds(to_seconds(outcome.lag)) : "") << ',' << name(outcome.ending) << ','
       << (outcome.status == 0 ? "" : std::to_string(outcome.status)) << ',' << cell(outcome.pool)
       << ',' << cell(outcome.reason) << ','
       << (outcome.instance_age ? seconds(*outcome.instance_age) : "") << '\n';
}

}  // namespace warmgate::load
