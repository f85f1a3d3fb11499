#include "http/sse.h"

namespace warmgate::http {

bool FirstEventScanner::feed(std::string_view piece) {
  for (size_t i = 0; i < piece.size() && !seen(); ++i) {
    const char c = piece[i];
    const bool second_of_crlf = after_cr_ && c == '\n';
    after_cr_ = c == '\r';
    if (second_of_crlf) continue;
    if (c == '\r' || c == '\n') {
      end_line();
    } else {
      take(c);
    }
  }
  return seen();
}

void FirstEventScanner::take(char c) {
  switch (state_) {
    case State::name:
      return take_name(c);
    case State::value_begin:
      return take_value_begin(c);
    case State::value:
      data_.push_back(c);
      if (data_.size() > kMaxJudged) state_ = State::seen;
      return;
    case State::other_line:
    case State::seen:
      return;
  }
}

void FirstEventScanner::take_name(char c) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  constexpr std::string_view kName = "data:";
  if (matched_ == 0 && c != kMark[0]) at_stream_begin_ = false;
  const std::string_view wanted = at_stream_begin_ ? kMark : kName;
  line_empty_ = false;
  if (c != wanted[matched_]) {
    state_ = State::other_line;
  } else if (++matched_ == wanted.size()) {
    if (at_stream_begin_) {
      line_empty_ = true;
    } else {
      state_ = State::value_begin;
    }
    at_stream_begin_ = false;
    matched_ = 0;
  }
}

// What is no JSON object needs no judge. A further line of an object does not begin one.
void FirstEventScanner::take_value_begin(char c) {
  if (c == ' ') return;
  if (data_.empty() && (judge_ == nullptr || c != '{')) {
    state_ = State::seen;
    return;
  }
  if (!data_.empty()) data_.push_back('\n');
  data_.push_back(c);
  state_ = State::value;
}

void FirstEventScanner::end_line() {
  if (line_empty_ && !data_.empty()) {
    if (judge_(data_)) {
      state_ = State::seen;
      return;
    }
    data_.clear();
  }
  state_ = State::name;
  at_stream_begin_ = false;
  line_empty_ = true;
  matched_ = 0;
}

}  // namespace warmgate::http
