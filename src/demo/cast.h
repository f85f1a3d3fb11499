// Cast: the programs of one arm, started together and ended together.
//
// Life.    Destruction kills what still runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "demo/child.h"
#include "demo/getter.h"
#include "demo/installation.h"
#include "demo/plan.h"
#include "demo/ports.h"
#include "demo/stage.h"

namespace warmgate::demo {

// The model server's name for the model, and the path of its answers.
inline constexpr const char* kModelName = "digits";
inline constexpr const char* kInferPath = "/v2/models/digits/infer";

inline constexpr uint32_t kAlwaysOnWorkers = 1;
inline constexpr uint32_t kAlwaysOnConcurrency = 2;  // one works, one is at hand
inline constexpr uint32_t kInstanceConcurrency = 3;
inline constexpr uint32_t kMaxInstances = 2;

class Cast {
 public:
  explicit Cast(Stage& stage) : stage_(stage) {}

  Status start_always_on(const Installation& installation, const Ports& ports);
  Status start_serverless(const Installation& installation, const Ports& ports, const Plan& plan);
  Status start_gateway(const Installation& installation, const Ports& ports, const Plan& plan);

  // Until all are ready to serve. The serverless pool is asked for its status page only: nothing
  // wakes it. The Error says who failed, and what it said last.
  Status wait_ready();

  // Success as long as none has ended by itself.
  Status all_running() const;

  // SIGTERM, a moment, SIGKILL.
  void end();

 private:
  struct Member {
    std::unique_ptr<Child> child;
    std::unique_ptr<Getter> getter;
    std::string ready_path;
    bool ready = false;
  };

  Status start(const std::string& name, std::vector<std::string> command, uint16_t ready_port,
               const std::string& ready_path);
  void ask_all();
  void on_exit();

  Stage& stage_;
  bool ending_ = false;
  std::vector<Member> members_;
};

}  // namespace warmgate::demo
