// The slow and obvious answers that the Router's are compared with: each service is asked how well
// it fits, and the best one has the request.
#pragma once

#include <string_view>

#include "config/config.h"
#include "http/message.h"

namespace warmgate::test {

// nullptr when no service matches.
const config::Service* obvious_match(const config::Config& config, const http::RequestHead& head);

bool obviously_heavy(const config::Service& service, std::string_view target);

}  // namespace warmgate::test
