// Which question a path asks.
#pragma once

#include <string_view>

namespace warmgate::model {

enum class Endpoint {
  not_found,
  server_metadata,  // /v2
  live,             // /v2/health/live
  ready,            // /v2/health/ready
  model_metadata,   // /v2/models/NAME[/versions/V]
  model_ready,      // ... /ready
  infer,            // ... /infer
  metrics,          // /metrics
  release,          // /release: end this instance
};

struct Route {
  Endpoint endpoint = Endpoint::not_found;
  std::string_view model;    // views into the target
  std::string_view version;  // empty: any
};

// `target` is a path, perhaps with a query, which is ignored. One slash at the end is, too.
Route find_route(std::string_view target);

// The methods that an endpoint takes, as in an Allow field.
std::string_view allowed_methods(Endpoint endpoint);

}  // namespace warmgate::model
