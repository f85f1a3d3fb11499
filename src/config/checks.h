// Checks that look at more than one value: conflicts are errors, oddities are hints.
#pragma once

#include "config/config.h"
#include "config/report.h"

namespace warmgate::config {

// For a Config whose single values are all valid.
void check_whole(const Config& config, Report& report);

// The parts of it: between two services, and within one. `path` is such as services[0].
void check_routes(const Config& config, Report& report);
void check_service(const Config& config, const Service& service, const std::string& path,
                   Report& report);

}  // namespace warmgate::config
