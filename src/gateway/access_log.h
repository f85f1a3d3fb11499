// The access log: one line per request, as JSON that Cloud Logging understands (severity,
// httpRequest, trace) or as text for people.
//
// Memory.  Lines are gathered and handed to the sink once per batch of events.
// Thread.  All on the loop's thread; what the sink does is its own affair.
#pragma once

#include <functional>
#include <string>
#include <string_view>

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
  Answerer answerer = Answerer::gateway;
  uint16_t status = 0;  // 0: the client left before there was one
  uint32_t attempts = 0;
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  Duration latency{};
  Duration queued{};
};

// Appends one line, its '\n' included.
void append_line(std::string& out, config::LogFormat format, const AccessRecord& record,
                 double wall_seconds);

class AccessLog final : private net::Deferred {
 public:
  using Sink = std::function<void(std::string_view lines)>;

  // Without a sink nothing is written.
  AccessLog(net::Loop& loop, config::LogFormat format, Sink sink)
      : loop_(loop), format_(format), sink_(std::move(sink)) {}
  ~AccessLog() override { run(); }

  void write(const AccessRecord& record);

 private:
  void run() override;

  net::Loop& loop_;
  config::LogFormat format_;
  Sink sink_;
  std::string lines_;
};

}  // namespace warmgate::gateway
