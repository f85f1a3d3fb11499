// What a backend's response head says about who answered.
#pragma once

#include <optional>

#include "http/message.h"
#include "policy/events.h"

namespace warmgate::gateway {

std::optional<policy::InstanceEvidence> instance_evidence(const http::ResponseHead& head);

bool is_event_stream(const http::ResponseHead& head);

}  // namespace warmgate::gateway
