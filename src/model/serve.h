// `warmgate-model serve`: loads a model and answers until a signal ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace warmgate::model {

// Exit statuses, after sysexits.h: a supervisor can tell what to repair.
enum ExitStatus {
  kExitOk = 0,
  kExitUsage = 64,        // a flag or a variable
  kExitNotAModel = 65,    // the model file's content
  kExitNoModelFile = 66,  // the model file cannot be read
  kExitCannotListen = 69  // the port is in use, or the address is not ours
};

struct ServeOptions {
  std::string model_name;
  std::string model_file;
  std::string host = "0.0.0.0";
  uint16_t port = 8080;  // 0: any free one, which is printed
  size_t workers = 1;
  size_t max_queue = 32;
  int64_t max_batch = 1024;
  bool can_release = false;  // does POST /release end it?
  std::string instance_id;
  std::string version;  // of this program
};

// Blocks. Errors go to stderr, one sentence each. The result is the exit status.
int serve(const ServeOptions& options);

}  // namespace warmgate::model
