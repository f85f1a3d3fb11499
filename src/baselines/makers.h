// The baselines, each in a file of its own that states its rule. registry.h lists them for users.
#pragma once

#include <memory>

#include "policy/dispatcher.h"

namespace warmgate::baselines {

using policy::Dispatcher;
using policy::ServiceSettings;

std::unique_ptr<Dispatcher> make_always_on_only(const ServiceSettings& settings);
std::unique_ptr<Dispatcher> make_serverless_only(const ServiceSettings& settings);
// `share` of the requests to the always-on pool, in [0, 1].
std::unique_ptr<Dispatcher> make_static_split(const ServiceSettings& settings, double share);
std::unique_ptr<Dispatcher> make_nginx_backup(const ServiceSettings& settings);
std::unique_ptr<Dispatcher> make_keda_like(const ServiceSettings& settings);
std::unique_ptr<Dispatcher> make_mark_like(const ServiceSettings& settings);

}  // namespace warmgate::baselines
