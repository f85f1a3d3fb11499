// What a backend's response head says about who answered.
#pragma once

#include <optional>
#include <string_view>

#include "http/message.h"
#include "policy/events.h"

namespace warmgate::gateway {

std::optional<policy::InstanceEvidence> instance_evidence(const http::ResponseHead& head);

// Of a Content-Type's value, or an element of Accept.
bool is_event_stream(std::string_view type);
bool is_event_stream(const http::Fields& fields);

}  // namespace warmgate::gateway
