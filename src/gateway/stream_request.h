// Does a request ask for a streamed answer? Clients of event streams say so in Accept; clients of
// model APIs often only in their JSON body.
#pragma once

#include <string_view>

#include "http/message.h"

namespace warmgate::gateway {

// Accept names text/event-stream; ranges such as */* do not count.
bool accepts_event_stream(const http::Fields& fields);

// The body is a JSON object with "stream": true. Reads no further than that member.
bool body_asks_for_stream(std::string_view body);

}  // namespace warmgate::gateway
