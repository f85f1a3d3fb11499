#include "gateway/access_log.h"

#include <algorithm>
#include <ctime>

#include "base/pen.h"
#include "http/problem.h"

namespace warmgate::gateway {
namespace {

uint64_t micros(Duration d) {
  return static_cast<uint64_t>(std::max<int64_t>(0, d / 1us));
}

// RFC 3339 in UTC; the part up to the second is made once per second.
void put_time(Pen& pen, double wall_seconds) {
  constexpr size_t kSize = sizeof("2026-01-31T12:34:56") - 1;
  static thread_local std::time_t cached_second = -1;
  static thread_local char cached[kSize + 1];
  const auto second = static_cast<std::time_t>(wall_seconds);
  if (second != cached_second) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::strftime(cached, sizeof(cached), "%Y-%m-%dT%H:%M:%S", &parts);
    cached_second = second;
  }
  pen.put(std::string_view(cached, kSize));
  pen.put('.');
  pen.put_digits<3>(static_cast<uint64_t>((wall_seconds - static_cast<double>(second)) * 1000));
  pen.put('Z');
}

std::string_view severity(const AccessRecord& record) {
  if (record.status >= 500) return "ERROR";
  if (record.status >= 400 || record.status == 0) return "WARNING";
  return "INFO";
}

// 499 is what nginx logs for a client that left before its answer.
constexpr uint16_t kClientGoneStatus = 499;

uint64_t logged_status(const AccessRecord& record) {
  return record.status == 0 ? kClientGoneStatus : record.status;
}

// What stands around the texts of a line, numbers included, is about half as long at most.
constexpr size_t kFrameRoom = 1024;

void put_json_line(Pen& pen, const AccessRecord& record, double wall_seconds) {
  pen.put(R"({"severity":")");
  pen.put(severity(record));
  pen.put(R"(","time":")");
  put_time(pen, wall_seconds);
  pen.put(R"(","httpRequest":{"requestMethod":")");
  pen.put(record.method);  // a token: nothing in it needs escaping
  pen.put(R"(","requestUrl":)");
  http::put_json_string(pen, record.target);
  pen.put(R"(,"status":)");
  pen.put_number(logged_status(record));
  pen.put(R"(,"requestSize":")");
  pen.put_number(record.request_bytes);
  pen.put(R"(","responseSize":")");
  pen.put_number(record.response_bytes);
  pen.put(R"(","latency":")");
  pen.put_decimal<6>(micros(record.latency));
  pen.put(R"(s","remoteIp":")");
  pen.put(record.client_ip);
  pen.put(R"(","protocol":"HTTP/)");
  pen.put(record.version.front());  // three bytes, one by one: cheaper than a text of any size
  pen.put('.');
  pen.put(record.version.back());
  pen.put('"');
  if (!record.user_agent.empty()) {
    pen.put(R"(,"userAgent":)");
    http::put_json_string(pen, record.user_agent);
  }
  pen.put(R"(},"logging.googleapis.com/trace":")");
  pen.put(record.trace);
  pen.put(R"(","service":")");
  pen.put(record.service);
  pen.put(R"(","pool":")");
  pen.put(name(record.answerer));
  pen.put(R"(","reason":")");
  pen.put(record.reason);
  pen.put(R"(","attempts":)");
  pen.put_number(record.attempts);
  pen.put(R"(,"queuedMs":)");
  pen.put_decimal<3>(micros(record.queued));
  if (record.body > Duration::zero()) {
    pen.put(R"(,"bodyMs":)");
    pen.put_decimal<3>(micros(record.body));
  }
  if (!record.upgrade.empty()) {
    pen.put(R"(,"upgrade":)");
    http::put_json_string(pen, record.upgrade);
    pen.put(R"(,"answeredMs":)");
    pen.put_decimal<3>(micros(record.answered));
  }
  pen.put("}\n");
}

void put_text_line(Pen& pen, const AccessRecord& record, double wall_seconds) {
  put_time(pen, wall_seconds);
  pen.put(' ');
  pen.put(record.client_ip);
  pen.put(' ');
  pen.put(record.method);
  pen.put(' ');
  pen.put(record.target);
  pen.put(' ');
  pen.put_number(logged_status(record));
  pen.put(' ');
  pen.put_decimal<3>(micros(record.latency));
  pen.put("ms (queued ");
  pen.put_decimal<3>(micros(record.queued));
  if (record.body > Duration::zero()) {
    pen.put("ms, body ");
    pen.put_decimal<3>(micros(record.body));
  }
  pen.put("ms) ");
  pen.put(record.service);
  pen.put(' ');
  pen.put(name(record.answerer));
  pen.put(' ');
  pen.put(record.reason);
  pen.put(" attempts=");
  pen.put_number(record.attempts);
  pen.put(" in=");
  pen.put_number(record.request_bytes);
  pen.put(" out=");
  pen.put_number(record.response_bytes);
  if (!record.upgrade.empty()) {
    pen.put(" upgrade=");
    pen.put(record.upgrade);
  }
  pen.put('\n');
}

}  // namespace

size_t line_room(const AccessRecord& record) {
  return kFrameRoom + record.service.size() + record.method.size() +
         http::json_string_room(record.target) + http::json_string_room(record.user_agent) +
         record.trace.size() + record.reason.size() + record.client_ip.size() +
         http::json_string_room(record.upgrade);
}

void put_line(Pen& pen, config::LogFormat format, const AccessRecord& record, double wall_seconds) {
  if (format == config::LogFormat::json) {
    put_json_line(pen, record, wall_seconds);
  } else {
    put_text_line(pen, record, wall_seconds);
  }
}

void AccessLog::write(const AccessRecord& record) {
  if (!sink_) return;
  const size_t room = line_room(record);
  if (lines_.size() - used_ < room) lines_.resize(used_ + room);
  Pen pen(lines_.data() + used_);
  put_line(pen, format_, record, loop_.wall_seconds());
  used_ = static_cast<size_t>(pen.at() - lines_.data());
  loop_.defer(*this);
}

void AccessLog::run() {
  if (used_ == 0) return;
  sink_({lines_.data(), used_});
  used_ = 0;
  if (lines_.size() > kKeep) lines_ = std::vector<char>();
}

}  // namespace warmgate::gateway
