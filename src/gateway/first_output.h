// When has a streamed answer really begun? Servers announce a stream before their model has said
// anything: with a message of the assistant that has no text yet, with pings, with the name of what
// is to come. Warmth, bypass and the SLO to the first byte rest on output, not on announcements.
//
// Known.   Chat and text completions as OpenAI defined them (chunks with `choices`), and the typed
//          events of its Responses API and of Anthropic's Messages API. Any other event is output.
#pragma once

#include <string_view>

namespace warmgate::gateway {

// Is this event's data, a JSON object or what begins like one, more than an announcement?
bool is_real_output(std::string_view data);

}  // namespace warmgate::gateway
