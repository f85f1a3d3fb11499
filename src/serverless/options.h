// What the owner of a local runtime chooses; flags fill it (cli/serverless_command.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "serverless/launch.h"
#include "serverless/settings.h"

namespace warmgate::serverless {

struct ServerlessOptions {
  std::string address = "127.0.0.1";  // numeric, to listen on
  uint16_t port = 8080;               // 0: any free one
  // Where the status page listens, such as "127.0.0.1:9001". Unset: 127.0.0.1 and the port after
  // the one above (any free one with port 0). "off": nowhere.
  std::optional<std::string> status;

  std::vector<std::string> command;  // the program and its arguments; "$PORT" is substituted
  ServiceNames names;
  PoolSettings pool;
  MeterSettings meter;
  std::optional<std::string> startup_probe;  // path of an HTTP GET; without: a TCP connection
  Duration probe_timeout = 10s;              // ours: of one probe
  bool http2 = false;  // with instances, in clear text; upgrades are then not passed on
  uint64_t max_request_bytes = 32ull << 20;  // request size over HTTP/1: 32 MiB
  uint64_t seed = 1;                         // of idle lifetimes, start jitter and ports
};

// The first rule that the options break, as a sentence that names the flag.
Status validate(const ServerlessOptions& options);

}  // namespace warmgate::serverless
