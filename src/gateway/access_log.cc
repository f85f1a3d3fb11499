#include "gateway/access_log.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/text.h"
#include "http/problem.h"

namespace warmgate::gateway {
namespace {

uint64_t micros(Duration d) {
  return static_cast<uint64_t>(std::max<int64_t>(0, d / 1us));
}

void append_millis(std::string& out, Duration d) {
  append_decimal(out, micros(d), 3);
}

// RFC 3339 in UTC; the part up to the second is made once per second.
void append_time(std::string& out, double wall_seconds) {
  static thread_local std::time_t cached_second = -1;
  static thread_local char cached[24];
  const auto second = static_cast<std::time_t>(wall_seconds);
  if (second != cached_second) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::strftime(cached, sizeof(cached), "%Y-%m-%dT%H:%M:%S", &parts);
    cached_second = second;
  }
  out += cached;
  const auto millis = static_cast<uint64_t>((wall_seconds - std::floor(wall_seconds)) * 1000);
  const char fraction[5] = {'.', static_cast<char>('0' + millis / 100),
                            static_cast<char>('0' + millis / 10 % 10),
                            static_cast<char>('0' + millis % 10), 'Z'};
  out.append(fraction, 5);
}

std::string_view severity(const AccessRecord& record) {
  if (record.status >= 500) return "ERROR";
  if (record.status >= 400 || record.status == 0) return "WARNING";
  return "INFO";
}

// 499 is what nginx logs for a client that left before its answer.
constexpr uint16_t kClientGoneStatus = 499;

// Long enough for one reservation to do, apart from the texts of the client.
constexpr size_t kTypicalLine = 512;

}  // namespace

void append_json_line(std::string& out, const AccessRecord& record, double wall_seconds) {
  out.reserve(out.size() + kTypicalLine + record.target.size() + record.user_agent.size());
  out += R"({"severity":")";
  out += severity(record);
  out += R"(","time":")";
  append_time(out, wall_seconds);
  out += R"(","httpRequest":{"requestMethod":)";
  http::append_json_string(out, record.method);
  out += R"(,"requestUrl":)";
  http::append_json_string(out, record.target);
  out += R"(,"status":)";
  append_uint(out, record.status == 0 ? kClientGoneStatus : record.status);
  out += R"(,"requestSize":")";
  append_uint(out, record.request_bytes);
  out += R"(","responseSize":")";
  append_uint(out, record.response_bytes);
  out += R"(","latency":")";
  append_decimal(out, micros(record.latency), 6);
  out += R"(s","remoteIp":")";
  out += record.client_ip;
  out += R"(","protocol":"HTTP/1.1")";
  if (!record.user_agent.empty()) {
    out += R"(,"userAgent":)";
    http::append_json_string(out, record.user_agent);
  }
  out += R"(},"logging.googleapis.com/trace":")";
  out += record.trace;
  out += R"(","service":")";
  out += record.service;
  out += R"(","pool":")";
  out += name(record.answerer);
  out += R"(","reason":")";
  out += record.reason;
  out += R"(","attempts":)";
  append_uint(out, record.attempts);
  out += R"(,"queuedMs":)";
  append_millis(out, record.queued);
  out += "}\n";
}

void append_text_line(std::string& out, const AccessRecord& record, double wall_seconds) {
  append_time(out, wall_seconds);
  out += ' ';
  out += record.client_ip;
  out += ' ';
  out += record.method;
  out += ' ';
  out += record.target;
  out += ' ';
  append_uint(out, record.status == 0 ? kClientGoneStatus : record.status);
  out += ' ';
  append_millis(out, record.latency);
  out += "ms (queued ";
  append_millis(out, record.queued);
  out += "ms) ";
  out += record.service;
  out += ' ';
  out += name(record.answerer);
  out += ' ';
  out += record.reason;
  out += " attempts=";
  append_uint(out, record.attempts);
  out += " in=";
  append_uint(out, record.request_bytes);
  out += " out=";
  append_uint(out, record.response_bytes);
  out += '\n';
}

void AccessLog::write(const AccessRecord& record) {
  if (!sink_) return;
  const double now = loop_.wall_seconds();
  if (format_ == config::LogFormat::json) {
    append_json_line(lines_, record, now);
  } else {
    append_text_line(lines_, record, now);
  }
  loop_.defer(*this);
}

void AccessLog::run() {
  if (lines_.empty()) return;
  sink_(lines_);
  lines_.clear();
}

}  // namespace warmgate::gateway
