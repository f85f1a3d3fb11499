// The baselines by name: the usual alternatives to warmgate, each by the documentation or the paper
// of what it stands for (docs/plan.md).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "policy/dispatcher.h"

namespace warmgate::baselines {

// Where a baseline's platform differs from the serverless pool that the others have.
struct Platform {
  std::optional<double> target_utilisation;  // of instances, before one more is started
  std::optional<Duration> scale_window;      // over which that is measured
  std::optional<Duration> idle_lifetime;     // of an instance without requests, exactly
  std::optional<Duration> hold;              // of a request that waits for an instance, at most
};

struct Alternative {
  std::string_view name;         // for --policies
  std::string_view description;  // one line
  bool always_on = true;         // does it use this pool?
  bool serverless = true;
  // What an owner would have to choose: shares for static-split, instances for min-instances. A
  // planner tries them all. Empty: nothing.
  std::span<const double> choices{};
  bool choice_is_min_instances = false;
  Platform platform{};
  std::unique_ptr<policy::Dispatcher> (*make)(const policy::ServiceSettings&,
                                              double choice) = nullptr;
};

std::span<const Alternative> alternatives();

// nullptr when there is none of that name.
const Alternative* find_alternative(std::string_view name);

}  // namespace warmgate::baselines
