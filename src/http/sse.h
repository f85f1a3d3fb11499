// FirstEventScanner watches a text/event-stream body for its first real event: a `data` line that
// is not empty. Comments (heartbeats), empty data lines and other fields do not count, because a
// server may send them long before its model has said anything.
//
// Source.  HTML Living Standard, "Server-sent events": lines end in CR, LF or CRLF; one space
//          behind the colon is not part of the value; a byte order mark may stand at the beginning.
// Memory.  A few bytes of state, so that pieces may be split anywhere. No allocation.
#pragma once

#include <cstdint>
#include <string_view>

namespace warmgate::http {

class FirstEventScanner {
 public:
  // Takes the next piece; true once the first real event has begun, and from then on.
  bool feed(std::string_view piece);

  bool seen() const { return state_ == State::seen; }

 private:
  enum class State : uint8_t { name, value_begin, other_line, seen };

  State state_ = State::name;
  bool at_stream_begin_ = true;
  uint8_t matched_ = 0;  // how much of "data:" (or of the byte order mark) the line has shown
};

}  // namespace warmgate::http
