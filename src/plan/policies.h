// What a plan compares: warmgate, the usual alternatives, and the oracle.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "baselines/registry.h"
#include "policy/dispatcher.h"

namespace warmgate::plan {

struct Policy {
  enum class Kind : uint8_t { warmgate, alternative, oracle };

  // One way to set it up, among which a plan chooses as an owner would.
  struct Choice {
    std::string text;  // "prefer: always_on", "share 25 %", "n = 2"; empty: nothing to choose
    double value = 0;  // of an alternative
    policy::Prefer prefer = policy::Prefer::serverless;  // of warmgate
    bool keep_warm = false;                              // of warmgate
  };

  Kind kind = Kind::warmgate;
  std::string_view name;
  std::string_view description;
  const baselines::Alternative* alternative = nullptr;
  std::vector<Choice> choices;  // at least one

  bool uses_always_on() const { return alternative == nullptr || alternative->always_on; }
  bool uses_serverless() const { return alternative == nullptr || alternative->serverless; }
};

// warmgate first, the oracle last.
std::vector<Policy> all_policies();

// "all", or names with commas between; the oracle is always among them, since costs are compared
// with it. `configured` has the settings of a file: then warmgate runs as it says, without choices.
// The error names the nearest one.
Result<std::vector<Policy>> select_policies(std::string_view names,
                                            const policy::ServiceSettings* configured);

// Not for the oracle.
std::unique_ptr<policy::Dispatcher> make_dispatcher(const Policy& policy,
                                                    const Policy::Choice& choice,
                                                    policy::ServiceSettings settings,
                                                    uint64_t seed);

}  // namespace warmgate::plan
