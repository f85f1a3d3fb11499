// One inference request from its body to its answer: parse, compute, render. Runs on a worker, so
// that a large body never holds up the thread that answers health checks.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "model/engine.h"
#include "model/metrics.h"
#include "model/protocol.h"

namespace warmgate::model {

struct InferResult {
  Outcome outcome = Outcome::ok;  // ok, invalid or failed
  int status = 200;
  std::string body;     // a JSON document in any case
  Duration computed{};  // the engine's time; 0 when it was not asked
};

// Thread-safe as long as no other thread uses `engine`.
InferResult run_infer(std::string_view body, InferenceEngine& engine, const ModelIdentity& model,
                      const Limits& limits);

// Proves that `engine` works, by one inference on a batch of one zero item.
Status prove_engine(InferenceEngine& engine);

}  // namespace warmgate::model
