// FirstEventScanner watches a text/event-stream body for its first real event: one whose `data` is
// not empty and, where it is a JSON object, is found real by a judge. Comments (heartbeats), empty
// data lines and other fields do not count, because a server may send them long before its model
// has said anything.
//
// Source.  HTML Living Standard, "Server-sent events": lines end in CR, LF or CRLF; one space
//          behind the colon is not part of the value; a byte order mark may stand at the beginning;
//          an empty line ends an event; its data lines are joined with a line feed.
// Memory.  A few bytes of state, so that pieces may be split anywhere, and at most kMaxJudged bytes
//          of the event that is being looked at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warmgate::http {

class FirstEventScanner {
 public:
  // An event with more data than that is real, whatever it says.
  static constexpr size_t kMaxJudged = 8 * 1024;
  // Is this the data of a real event? Asked of whole events whose data begins with '{'; all others
  // are real as soon as they begin.
  using Judge = bool (*)(std::string_view data);

  explicit FirstEventScanner(Judge judge = nullptr) : judge_(judge) {}

  // Takes the next piece; true once the first real event is known, and from then on.
  bool feed(std::string_view piece);

  bool seen() const { return state_ == State::seen; }

 private:
  enum class State : uint8_t { name, value_begin, value, other_line, seen };

  void take(char c);
  void take_name(char c);
  void take_value_begin(char c);
  void end_line();

  Judge judge_;
  State state_ = State::name;
  bool at_stream_begin_ = true;
  bool line_empty_ = true;
  bool after_cr_ = false;
  uint8_t matched_ = 0;  // how much of "data:" (or of the byte order mark) the line has shown
  std::string data_;     // of the event that is being looked at
};

}  // namespace warmgate::http
