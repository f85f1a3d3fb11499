// llhttp, which Node reads HTTP/1 with, in its strict mode: a second opinion on a message.
//
// Dangerous is what the two of us would read differently: where a message ends, and what it says.
// If one of us refuses what the other takes, nothing can be smuggled past either; where it is we
// who take more, that is still a difference to know about.
#pragma once

#include <string>
#include <string_view>

#include "http/testing.h"

namespace warmgate::test {

enum class Opinion : uint8_t {
  same,        // in all that was compared, or both refuse it, or both wait for more
  we_refuse,   // and llhttp does not
  it_refuses,  // and we do not
  differs,     // both take it, for different things
};

struct Comparison {
  Opinion opinion = Opinion::same;
  std::string detail;  // what differs; llhttp's error, such as "HPE_INVALID_METHOD"
};

// Reads a message that is all that comes, both ways. A response with status 304 or 204, or to HEAD,
// has no body: llhttp leaves that to its caller.
Comparison compare_with_llhttp(const http::testing::Reading& reading, std::string_view bytes);

// May llhttp refuse with this error what we take? The reasons stand in the function.
bool may_refuse(const Comparison& comparison);

}  // namespace warmgate::test
