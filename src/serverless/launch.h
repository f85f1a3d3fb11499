// Launch: what an instance's process is started with, under the container contract.
//
// Source.  Cloud Run container runtime contract, read 2026-08 to 2026-10: PORT, K_SERVICE,
//          K_REVISION and K_CONFIGURATION are set. WARMGATE_INSTANCE is ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace warmgate::serverless {

struct Launch {
  std::string program;                   // a path that can be executed
  std::vector<std::string> arguments;    // argv, the command's name first
  std::vector<std::string> environment;  // "NAME=value", complete
};

struct ServiceNames {
  std::string service = "local";
  std::string revision = "local-00001";
};

// The file that `command` means: itself when it has a '/', else the first match in `search_path`
// (as in PATH). An Error says whether it is missing or not executable.
Result<std::string> find_program(const std::string& command, const std::string& search_path);

// Replaces "$PORT" and "${PORT}" in every argument but the first: no shell is there to do it.
// "$PORTAL" and the like stay.
std::string substitute_port(const std::string& argument, uint16_t port);

// `inherited` is this process's environment; names that the contract sets are replaced in it.
Launch make_launch(const std::string& program, const std::vector<std::string>& command,
                   const std::vector<std::string>& inherited, const ServiceNames& names,
                   const std::string& instance, uint16_t port);

}  // namespace warmgate::serverless
