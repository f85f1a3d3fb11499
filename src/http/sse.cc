#include "http/sse.h"

namespace warmgate::http {

bool FirstEventScanner::feed(std::string_view piece) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  constexpr std::string_view kName = "data:";
  for (size_t i = 0; i < piece.size() && state_ != State::seen; ++i) {
    const char c = piece[i];
    if (c == '\r' || c == '\n') {
      state_ = State::name;
      at_stream_begin_ = false;
      matched_ = 0;
      continue;
    }
    switch (state_) {
      case State::name: {
        if (matched_ == 0 && c != kMark[0]) at_stream_begin_ = false;
        const std::string_view wanted = at_stream_begin_ ? kMark : kName;
        if (c != wanted[matched_]) {
          state_ = State::other_line;
        } else if (++matched_ == wanted.size()) {
          if (!at_stream_begin_) state_ = State::value_begin;
          at_stream_begin_ = false;
          matched_ = 0;
        }
        break;
      }
      case State::value_begin:
        if (c != ' ') state_ = State::seen;
        break;
      case State::other_line: {
        const size_t end = piece.find_first_of("\r\n", i);
        i = (end == std::string_view::npos ? piece.size() : end) - 1;
        break;
      }
      case State::seen:
        break;
    }
  }
  return seen();
}

}  // namespace warmgate::http
