// The access log: one line per request, as JSON that Cloud Logging understands (severity,
// httpRequest, trace) or as text for people.
//
// Memory.  Lines are gathered and handed to the sink once per batch of events.
// Thread.  All on the loop's thread; what the sink does is its own affair.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/pen.h"
#include "base/time.h"
#include "config/config.h"
#include "gateway/counters.h"
#include "net/loop.h"

namespace warmgate::gateway {

struct AccessRecord {
  std::string_view service;
  std::string_view method;
  std::string_view target;
  std::string_view user_agent;
  std::string_view trace;
  std::string_view reason;
  std::string_view client_ip;
  std::string_view version = "1.1";  // of HTTP, as the client speaks it
  std::string_view upgrade;          // the protocol of a tunnel; empty: there was none
  Answerer answerer = Answerer::gateway;
  uint16_t status = 0;  // 0: the client left before there was one
  uint32_t attempts = 0;
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  Duration latency{};
  Duration answered{};  // counts for the SLO: body here to its end, of a tunnel to its begin
  Duration queued{};    // body here to the first attempt
  Duration body{};      // until its body was here; zero when that came with its head
};

// Writes one line, its '\n' included.
void put_line(Pen& pen, config::LogFormat format, const AccessRecord& record, double wall_seconds);
size_t line_room(const AccessRecord& record);  // that it needs at most

class AccessLog final : private net::Deferred {
 public:
  using Sink = std::function<void(std::string_view lines)>;

  // Without a sink nothing is written.
  AccessLog(net::Loop& loop, config::LogFormat format, Sink sink)
      : loop_(loop), format_(format), sink_(std::move(sink)) {}
  ~AccessLog() override { run(); }

  void write(const AccessRecord& record);

 private:
  static constexpr size_t kKeep = 256 * 1024;
  void run() override;

  net::Loop& loop_;
  config::LogFormat format_;
  Sink sink_;
  std::vector<char> lines_;  // room that stays; the lines are its first `used_` bytes
  size_t used_ = 0;
};

}  // namespace warmgate::gateway
